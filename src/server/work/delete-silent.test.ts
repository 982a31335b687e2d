import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DistributionId, EndpointId } from '../../base/ids.ts'
import { silentLog } from '../../base/log.ts'
import { DUPLICATE_CLEANUP_DEFAULT } from '../../domain/configuration/duplicate-cleanup.ts'
import { loadAudit } from '../../store/audit.ts'
import { saveSetting } from '../../store/configuration.ts'
import { loadLatestUpgrades } from '../../store/upgrades.ts'
import { upgradeEndpointsRoute } from '../public-api/endpoints/upgrade.ts'
import { ask } from '../testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  saveTestRelease,
  startTestServer,
  type TestAgent,
  type TestServer,
} from '../testing/fleet.ts'
import { deleteDuplicates } from './delete-duplicates.ts'
import { deleteLostEndpoints, LOST_STEADY_MS_MIN } from './delete-lost-endpoints.ts'
import { createSteadyTime } from './steady-time.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

let server: TestServer
let distribution: DistributionId
beforeEach(async () => {
  server = await startTestServer()
  distribution = await saveTestDistribution(server.database)
})
afterEach(() => server[Symbol.asyncDispose]())

function watching() {
  return { ...server, log: silentLog, steadyTime: createSteadyTime(server.clock) }
}

async function enrol(hostname: string): Promise<TestAgent> {
  const agent = await enrolTestAgent(server, distribution, hostname)
  await agent.checkIn()
  return agent
}

async function listed(): Promise<readonly string[]> {
  const rows = await server.database.read
    .selectFrom('endpoint')
    .select('hostname')
    .where('deleted_at', 'is', null)
    .orderBy('hostname')
    .execute()
  return rows.map((row) => row.hostname)
}

describe('endpoints silent for longer than the instance keeps them', () => {
  beforeEach(() =>
    server.database.write((tx) =>
      saveSetting(tx, 'agentStatus', { lostAfterDays: 2, deletedAfterDays: 3 }),
    ),
  )

  it('are deleted, with their open upgrade, and the audit log says by whom', async () => {
    await saveTestRelease(server.database, '1.0.0.2')
    const gone = await enrol('gone')
    const order = { endpoint_ids: [gone.endpointId], target_versions: { linux: '1.0.0.2' } }
    expect(await ask(upgradeEndpointsRoute, server, order)).toMatchObject({ ok: true })
    const needs = watching()
    server.clock.advance(3 * DAY_MS - 1)
    await enrol('alive')
    expect(await deleteLostEndpoints(needs)).toBe(0)
    server.clock.advance(1)
    expect(await deleteLostEndpoints(needs)).toBe(1)
    expect(await listed()).toEqual(['alive'])
    const upgrades = await loadLatestUpgrades(server.database.read, [gone.endpointId])
    expect(upgrades.get(gone.endpointId)).toMatchObject({
      state: 'cancelled',
      reason: 'endpoint-deleted',
    })
    const [entry] = await loadAudit(server.database.read, 1)
    expect(entry).toMatchObject({
      action: 'endpoint.delete',
      subject: gone.endpointId,
      by: { name: 'server' },
    })
  })

  it('a clock that jumps ahead deletes nobody who is alive', async () => {
    const needs = watching()
    const alive = await enrol('alive')
    await enrol('asleep')
    server.clock.advance(2 * DAY_MS)
    server.clock.jumpTo(server.clock.now() + 365 * DAY_MS)
    expect(await deleteLostEndpoints(needs)).toBe(0)
    await alive.checkIn()
    server.clock.advance(LOST_STEADY_MS_MIN - 1)
    expect(await deleteLostEndpoints(needs)).toBe(0)
    server.clock.advance(1)
    expect(await deleteLostEndpoints(needs)).toBe(1)
    expect(await listed()).toEqual(['alive'])
  })

  it('a server that has just started deletes nobody', async () => {
    await enrol('gone')
    server.clock.advance(30 * DAY_MS)
    expect(await deleteLostEndpoints(watching())).toBe(0)
  })

  it('one whose last check-in a wrong clock dated into the future is not lost', async () => {
    server.clock.jumpTo(server.clock.now() + 365 * DAY_MS)
    await enrol('future')
    server.clock.jumpTo(server.clock.now() - 365 * DAY_MS)
    const needs = watching()
    server.clock.advance(30 * DAY_MS)
    expect(await deleteLostEndpoints(needs)).toBe(0)
  })

  it('go by and by: one run takes no more than ten of a small fleet', async () => {
    for (let index = 0; index < 12; index++) await enrol(`gone-${index}`)
    const needs = watching()
    server.clock.advance(4 * DAY_MS)
    expect(await deleteLostEndpoints(needs)).toBe(10)
    expect(await deleteLostEndpoints(needs)).toBe(2)
  })

  it('come back as they were when they check in again', async () => {
    const gone = await enrol('gone')
    const needs = watching()
    server.clock.advance(4 * DAY_MS)
    expect(await deleteLostEndpoints(needs)).toBe(1)
    await gone.checkIn()
    expect(await listed()).toEqual(['gone'])
    expect(await deleteLostEndpoints(needs)).toBe(0)
  })
})

describe('duplicates', () => {
  type Marks = { hostname: string; ipv4: readonly string[]; macAddresses: readonly string[] }

  /** Enrolled one hour after the one before: the last one was seen last. */
  async function machine(name: string, marks: Partial<Marks>): Promise<EndpointId> {
    server.clock.advance(HOUR_MS)
    const { endpointId } = await enrol(name)
    const { read } = server.database
    const { facts } = await read
      .selectFrom('endpoint')
      .select('facts')
      .where('id', '=', endpointId)
      .executeTakeFirstOrThrow()
    const changed = JSON.stringify({ ...(facts as object), ...marks })
    const { hostname = name } = marks
    await server.database.write((tx) =>
      tx
        .updateTable('endpoint')
        .set({ facts: changed, hostname })
        .where('id', '=', endpointId)
        .execute(),
    )
    return endpointId
  }

  async function cleanBy(marks: object): Promise<number> {
    const often = { ...DUPLICATE_CLEANUP_DEFAULT, isEnabled: true, intervalHours: 1 }
    const setting = { ...often, ...marks }
    await server.database.write((tx) => saveSetting(tx, 'duplicateCleanup', setting))
    server.configuration.forget()
    const needs = watching()
    server.clock.advance(HOUR_MS)
    return await deleteDuplicates(needs)
  }

  async function ids(): Promise<readonly string[]> {
    const { read } = server.database
    const query = read.selectFrom('endpoint').select('id').where('deleted_at', 'is', null)
    return (await query.execute()).map((row) => row.id).toSorted()
  }

  it('of one name: the last seen stays, letter case aside', async () => {
    await machine('a', { hostname: 'WEB' })
    await machine('b', { hostname: 'web' })
    const last = await machine('c', { hostname: 'Web' })
    const other = await machine('d', { hostname: 'db' })
    expect(await cleanBy({ byHostname: true })).toBe(2)
    expect(await ids()).toEqual([last, other].toSorted())
  })

  it('share all of the chosen marks, not one of them', async () => {
    await machine('a', { hostname: 'web', ipv4: ['10.0.0.1'] })
    await machine('b', { hostname: 'web', ipv4: ['10.0.0.2'] })
    expect(await cleanBy({ byHostname: true, byIp: true })).toBe(0)
    expect(await cleanBy({ byHostname: true })).toBe(1)
  })

  it('have the same addresses in any order; none is no mark', async () => {
    await machine('a', { ipv4: ['10.0.0.1', '10.0.0.2'], macAddresses: [] })
    await machine('b', { ipv4: ['10.0.0.2', '10.0.0.1'], macAddresses: [] })
    await machine('c', { ipv4: ['10.0.0.1'], macAddresses: [] })
    expect(await cleanBy({ byMac: true })).toBe(0)
    expect(await cleanBy({ byIp: true })).toBe(1)
  })

  it('that are connected stay, however alike', async () => {
    await machine('a', { hostname: 'web' })
    const twin = await enrol('b')
    await server.database.write((tx) =>
      tx.updateTable('endpoint').set({ hostname: 'web' }).execute(),
    )
    const setting = { ...DUPLICATE_CLEANUP_DEFAULT, isEnabled: true, byHostname: true }
    await server.database.write((tx) => saveSetting(tx, 'duplicateCleanup', setting))
    server.configuration.forget()
    const needs = watching()
    server.clock.advance(HOUR_MS)
    // Both speak now: the older one is a machine of its own.
    for (const { id } of await server.database.read.selectFrom('endpoint').select('id').execute()) {
      await server.database.write((tx) =>
        tx
          .updateTable('liveness')
          .set({ last_seen: server.clock.now() })
          .where('endpoint_id', '=', id)
          .execute(),
      )
    }
    expect(await deleteDuplicates(needs)).toBe(0)
    expect(await ids()).toContain(twin.endpointId)
  })

  it('are looked for once in the interval, and not at all when disabled', async () => {
    const setting = { byHostname: true, intervalHours: 6 }
    expect(await cleanBy(setting)).toBe(0)
    await machine('a', { hostname: 'web' })
    await machine('b', { hostname: 'web' })
    expect(await cleanBy(setting)).toBe(0)
    expect(await cleanBy({ ...setting, isEnabled: false })).toBe(0)
    server.clock.advance(6 * HOUR_MS)
    expect(await cleanBy({ ...setting, isEnabled: false })).toBe(0)
    expect(await cleanBy(setting)).toBe(1)
  })
})

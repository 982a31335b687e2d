import { describe, expect, it } from 'vitest'
import { loadEventsAfter, sealEvents } from '../store/events.ts'
import { loadEventsInScope } from '../store/events-in-scope.ts'
import type { Database } from '../store/open.ts'
import { agentsReportsRoute } from './public-api/audits/agents-reports.ts'
import { upgradeEndpointsRoute } from './public-api/endpoints/upgrade.ts'
import { cancelUpgradeRoute } from './public-api/endpoints/upgrade-cancel.ts'
import { assignTagRoute } from './public-api/tags/assign.ts'
import { ask } from './testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  saveTestRelease,
  startTestServer,
} from './testing/fleet.ts'

async function eventsAfter(database: Database, position: number) {
  await database.write((tx) => sealEvents(tx, 1000))
  const events = await loadEventsAfter(database.read, position, 1000)
  return events.map(({ event }) =>
    event.type === 'upgrade.changed' ? `${event.state} (${event.reason})` : event.type,
  )
}

async function startUpgrade() {
  const server = await startTestServer()
  const { database } = server
  await saveTestRelease(database, '1.0.0.1')
  await saveTestRelease(database, '1.0.0.2')
  const agent = await enrolTestAgent(server, await saveTestDistribution(database), 'h1')
  await agent.checkIn()
  const order = async () => {
    const about = { endpoint_ids: [agent.endpointId], target_versions: { linux: '1.0.0.2' } }
    const ordered = await ask(upgradeEndpointsRoute, server, about)
    if (!ordered.ok) throw new Error(JSON.stringify(ordered.refusal))
  }
  await order()
  const { instruction } = await agent.checkIn()
  const attempt_id = instruction.kind === 'upgrade' ? instruction.attempt_id : ''
  const report = async (phase: string, percent: number, reason: string | null = null) => {
    server.clock.advance(1000)
    const bytes = { bytes_done: percent, bytes_total: 100 }
    const message = reason === null ? null : 'it said so'
    const attempt = { attempt_id, phase, percent, ...bytes, reason, message }
    agent.report = { ...agent.report, attempt }
    await agent.checkIn()
  }
  return Object.assign(server, { agent, order, report })
}

describe('what becomes true is told', () => {
  it('of how far it is within a state, once in a while', async () => {
    await using server = await startUpgrade()
    const { database } = server
    // The server's own second passes with each.
    for (let percent = 0; percent <= 24; percent += 1) await server.report('downloading', percent)
    await database.write((tx) => sealEvents(tx, 1000))
    const events = await loadEventsAfter(database.read, 6, 1000)
    expect(events).toMatchObject([
      { event: { state: 'downloading', percent: 0, attempts: 1, notBefore: null } },
      { event: { state: 'downloading', percent: 1, bytesDone: 1, bytesTotal: 100 } },
      { event: { state: 'downloading', percent: 11 } },
      { event: { state: 'downloading', percent: 21 } },
    ])
  })

  it('of an upgrade, from its order to its end, one event for each state', async () => {
    await using server = await startUpgrade()
    const { database } = server
    await server.report('downloading', 10)
    await server.report('succeeded', 100)
    expect(await eventsAfter(database, 0)).toEqual([
      'release.published',
      'release.published',
      'endpoint.enrolled',
      'upgrade-action.created',
      'rollout.changed',
      'offered (offered)',
      'downloading (null)',
      'succeeded (upgraded)',
    ])
    const filters = [{ field: 'sub_type', operator: 'in', value: ['Upgrade'] }]
    const reports = await ask(agentsReportsRoute, server, { filters })
    expect(reports).toMatchObject({
      value: { total_count: 1, data: [{ RESULT: 'Success', TYPE: 'Installation' }] },
    })
  })

  it('of a failure, with its reason, as an agent report too', async () => {
    await using server = await startUpgrade()
    await server.report('failed', 0, 'disk-full')
    expect((await eventsAfter(server.database, 5)).at(-1)).toBe('failed (disk-full)')
    const filters = [{ field: 'result', operator: 'in', value: ['Failed'] }]
    expect(await ask(agentsReportsRoute, server, { filters })).toMatchObject({
      value: {
        data: [{ REASON: 'disk-full', DESCRIPTION: expect.stringMatching(/: it said so$/) }],
      },
    })
  })

  it('of what a newer order takes over', async () => {
    await using server = await startUpgrade()
    await server.order()
    expect(await eventsAfter(server.database, 6)).toEqual([
      'cancelled (superseded)',
      'upgrade-action.created',
      'rollout.changed',
    ])
  })

  it('and nothing of a check-in that changes nothing', async () => {
    await using server = await startUpgrade()
    const { database } = server
    await server.report('downloading', 10)
    const before = await database.read.selectFrom('event').selectAll().execute()
    const reports = await database.read.selectFrom('agent_report').selectAll().execute()
    for (let count = 0; count < 3; count++) await server.agent.checkIn()
    expect(await database.read.selectFrom('event').selectAll().execute()).toEqual(before)
    const after = await database.read.selectFrom('agent_report').selectAll().execute()
    expect(after).toEqual(reports)
  })

  it('of an order to whoever has a scope, as far as it lies within', async () => {
    await using server = await startUpgrade()
    const { database, agent } = server
    const distribution = await saveTestDistribution(database, 'others')
    const others = [
      await enrolTestAgent(server, distribution, 'other-1'),
      await enrolTestAgent(server, distribution, 'other-2'),
    ]
    for (const other of others) await other.checkIn()
    const mine = { filters: [{ field: 'hostname', operator: 'eq', value: 'h1' }], tag: 'mine' }
    await ask(assignTagRoute, server, mine)
    const ids = [agent, ...others].map(({ endpointId }) => endpointId)
    const order = { endpoint_ids: ids, target_versions: { linux: '1.0.0.2' } }
    const ordered = await ask(upgradeEndpointsRoute, server, order)
    const { group_action_id } = (ordered as { value: { group_action_id: number } }).value
    const cancel = async (endpoint_ids: readonly string[]) => {
      server.clock.advance(1000)
      await ask(cancelUpgradeRoute, server, { group_action_id, endpoint_ids })
    }
    await cancel(ids.slice(1))
    await cancel(ids.slice(0, 1))
    await database.write((tx) => sealEvents(tx, 1000))
    const events = await loadEventsAfter(database.read, 0, 1000)
    const toldTo = async (tags: readonly string[] | null) => {
      const scope = tags === null ? null : { tags }
      const told = await loadEventsInScope(database.read, events, scope)
      return told.flatMap(({ event }) =>
        'upgrades' in event && event.actionId === group_action_id
          ? [`${event.type} ${event.upgrades}`]
          : [],
      )
    }
    const created = 'upgrade-action.created'
    const cancelled = 'upgrade-action.cancelled'
    expect(await toldTo(null)).toEqual([`${created} 3`, `${cancelled} 2`, `${cancelled} 1`])
    expect(await toldTo(['mine'])).toEqual([`${created} 1`, `${cancelled} 1`])
    expect(await toldTo(['web'])).toEqual([`${created} 3`, `${cancelled} 2`, `${cancelled} 1`])
    expect(await toldTo(['none'])).toEqual([])
  })
})

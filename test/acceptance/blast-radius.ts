/**
 * How far a bad version gets: a real server, a fleet of real launchers and agents, and orders for
 * all of it with a canary and a failure budget. What is measured is what the machines say
 * themselves (fleet.ts); the server is asked only how it ended.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import type { Client } from '../../src/client/client.ts'
import { type BadVersion, publishBad, publishGood, type Workshop } from './bad-versions.ts'
import { builtInRelease, download, order } from './catalogue.ts'
import {
  type FleetMachine,
  lastStart,
  machinesThatRan,
  startFleet,
  upAfter,
  verdictAt,
} from './fleet.ts'
import { runsVersion } from './machine.ts'
import { eventually, freePort, run } from './processes.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

export const MACHINES = 30
export const OLD_VERSION = '1.0.0.1'
const CANARY = 3
const BUDGET = 3
/** No bad version may ever be run by more endpoints than this. */
export const REACH_MAX = Math.max(CANARY, BUDGET)
/** Why a rollout stops that spent it. */
export const HALT_REASON = 'failure-budget-spent'
/** Those of the server that never hear of a version again go back after it. */
const PROBATION_S = '10'

/** What orders of bad versions say. The soak outlasts whatever turns bad in it. */
export const CAREFUL = {
  canary: { count: CANARY },
  waves: [50],
  soak_minutes: 1,
  failure_budget: { count: BUDGET },
}

export type Site = AsyncDisposable & {
  readonly server: ServerProcess
  readonly workshop: Workshop
  readonly machines: readonly FleetMachine[]
}

/** Everything runs, and every machine runs the old version. */
export async function openSite(): Promise<Site> {
  await using ending = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'drydock-blast-radius-'))
  ending.defer(() => rm(folder, { recursive: true, force: true }))
  const dataDir = join(folder, 'data')
  const env = { DRYDOCK_PROBATION: PROBATION_S }
  const server = ending.use(await startServerProcess({ dataDir, port: await freePort(), env }))
  const { client } = server
  const base = await builtInRelease(client)
  const agent = await agentOf(client, base.version, folder)
  const workshop = { client, base, agent, dataDir }
  await publishGood(workshop, OLD_VERSION)
  const distribution = await order(client, 'blast radius', OLD_VERSION)
  const deb = await download(client, distribution, { type: 'deb', folder })
  const machines = await startFleet({ folder, deb, count: MACHINES }, ending)
  for (const { id } of machines) await runsVersion(client, id, OLD_VERSION)
  const open = ending.move()
  return { server, workshop, machines, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** The text of a version's agent, from its package. */
async function agentOf(client: Client, version: string, folder: string): Promise<string> {
  const distribution = await order(client, 'to look into', version)
  const deb = await download(client, distribution, { type: 'deb', folder })
  const tree = join(folder, 'unpacked')
  await run(['dpkg-deb', '-x', deb, tree])
  return await readFile(join(tree, 'opt/drydock-agent/seed/agent.mjs'), 'utf8')
}

export type Outcome = {
  readonly state: string
  readonly reason: string | null
}

export type Spread = {
  /** Machines that ever started it, by their own account. */
  readonly reached: readonly FleetMachine[]
  readonly haltReason: string
  /** Of each endpoint's upgrade, in the end. */
  readonly outcomes: readonly Outcome[]
  /** Seconds from the verdict until the old version was up, for each machine that was reached. */
  readonly backS: readonly number[]
}

/**
 * Publishes it, orders it for every machine, and waits until all has come to an end: halted by the
 * budget, cancelled where it had not begun, and gone back where it had. The verdict is the
 * launcher's; on a version that stayed, the server's: its halt.
 */
export async function spread(site: Site, version: string, bad: BadVersion): Promise<Spread> {
  const { workshop, machines, server } = site
  await publishBad(workshop, version, bad)
  const action = await orderForAll(site, version, CAREFUL)
  const haltReason = await haltOf(server.client, action)
  const haltedAt = systemClock.now()
  await server.client.upgrades.cancel({ group_action_id: action })
  const outcomes = await endsOf(server.client, action)
  const reached = await machinesThatRan(machines, version)
  if (bad.ends === 'succeeded') await revert(server.client, action)
  const backS = reached.map((machine) =>
    secondsBack(machine, verdictAt(machine, version) ?? haltedAt),
  )
  return { reached, haltReason, outcomes, backS: await Promise.all(backS) }
}

/**
 * What of it must not be: a bad version is run by its canary and nobody else (a damaged one by
 * nobody), which halts it; who tried it says how that ended and runs the old version again.
 */
export async function flawsOf(found: Spread, bad: BadVersion): Promise<readonly string[]> {
  const { reached, haltReason, outcomes } = found
  const flaws: string[] = []
  if (haltReason !== HALT_REASON) flaws.push(`it halted for ${haltReason}`)
  const expected = new Map([
    [`${bad.ends}: ${bad.reason}`, REACH_MAX],
    ['cancelled: cancelled-by-operator', MACHINES - REACH_MAX],
  ])
  const ends = Map.groupBy(outcomes, ({ state, reason }) => `${state}: ${reason}`)
  for (const end of new Set([...expected.keys(), ...ends.keys()])) {
    const [count, wanted] = [ends.get(end)?.length ?? 0, expected.get(end) ?? 0]
    if (count !== wanted) flaws.push(`${count} upgrades end ${end}, not ${wanted}`)
  }
  const reach = bad.isDamaged ? 0 : REACH_MAX
  if (reached.length !== reach) flaws.push(`${reached.length} endpoints ran it, not ${reach}`)
  for (const machine of reached) {
    const last = await lastStart(machine)
    if (last !== OLD_VERSION) flaws.push(`endpoint ${machine.id} runs ${last} in the end`)
  }
  return flaws
}

export type Policy = NonNullable<Parameters<Client['endpoints']['upgrade']>[0]['rollout']>

export async function orderForAll(site: Site, version: string, rollout: Policy): Promise<number> {
  const { group_action_id } = await site.server.client.endpoints.upgrade({
    endpoint_ids: site.machines.map(({ id }) => id),
    target_versions: { linux: version },
    rollout,
  })
  if (group_action_id === null) throw new Error('an order that is no dry run has a number')
  return group_action_id
}

/** Why the rollout of an action was halted, once it is. */
export async function haltOf(client: Client, action: number): Promise<string> {
  return await eventually(`the halt of action ${action}`, async () => {
    const { action: found } = await client.upgrades.get({ group_action_id: action })
    return found?.rollout?.state === 'halted' ? found.rollout.reason : null
  })
}

/** Waits until every upgrade of the action has ended; how each did. */
export async function endsOf(client: Client, action: number): Promise<readonly Outcome[]> {
  return await eventually(
    `the end of action ${action}`,
    async () => {
      const { data, details } = await client.actions.getActionStatus(action)
      const isOpen = Object.values(data).some((status) => OPEN.has(status))
      return isOpen ? null : Object.values(details).map(({ state, reason }) => ({ state, reason }))
    },
    120_000,
  )
}

const OPEN = new Set(['PENDING', 'IN_PROGRESS', 'PENDING_ABORT'])

/** The way back from what an action brought, and stayed. */
async function revert(client: Client, action: number): Promise<void> {
  const { group_action_id } = await client.upgrades.revert({ group_action_id: action })
  if (group_action_id === null) throw new Error('a way back has a number')
  await endsOf(client, group_action_id)
}

async function secondsBack(machine: FleetMachine, verdict: number): Promise<number> {
  const up = await eventually('the old version', async () => upAfter(machine, OLD_VERSION, verdict))
  return (up - verdict) / 1000
}

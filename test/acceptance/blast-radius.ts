/**
 * How far a bad version gets: a real server and a fleet of real launchers and agents. What is
 * measured is what the machines say themselves (fleet.ts); the server is asked only how it ended.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '../../src/client/client.ts'
import { type BadVersion, publishBad, publishGood, type Workshop } from './bad-versions.ts'
import { builtInRelease, download, order } from './catalogue.ts'
import { type FleetMachine, machinesThatRan, startFleet, upAfter, verdictAt } from './fleet.ts'
import { runsVersion } from './machine.ts'
import { eventually, freePort, run } from './processes.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

export const MACHINES = 30
export const OLD_VERSION = '1.0.0.1'
/** So many machines get each bad version. */
export const TRIED = 3
/** Those of the server that never hear of a version again go back after it. */
const PROBATION_S = '10'

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
  /** Of each endpoint's upgrade, in the end. */
  readonly outcomes: readonly Outcome[]
  /** Seconds from the verdict until the old version was up, for each machine that went back. */
  readonly backS: readonly number[]
}

/** Publishes it, orders it for some machines, and waits until all has come to an end. */
export async function spread(site: Site, version: string, bad: BadVersion): Promise<Spread> {
  const { workshop, machines, server } = site
  await publishBad(workshop, version, bad)
  const tried = machines.slice(0, TRIED).map(({ id }) => id)
  const action = await orderFor(server.client, tried, version)
  const outcomes = await endsOf(server.client, action)
  const reached = await machinesThatRan(machines, version)
  const backS = bad.ends === 'rolled-back' ? await goneBack(reached, version) : []
  return { reached, outcomes, backS }
}

export async function orderFor(
  client: Client,
  ids: readonly string[],
  version: string,
): Promise<number> {
  const { group_action_id } = await client.endpoints.upgrade({
    endpoint_ids: [...ids],
    target_versions: { linux: version },
  })
  return group_action_id
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

async function goneBack(
  machines: readonly FleetMachine[],
  version: string,
): Promise<readonly number[]> {
  const seconds = machines.map((machine) => secondsBack(machine, verdictAt(machine, version)))
  return await Promise.all(seconds)
}

async function secondsBack(machine: FleetMachine, verdict: number | null): Promise<number> {
  if (verdict === null) throw new Error(`no verdict was given on ${machine.root}`)
  const up = await eventually('the old version', async () => upAfter(machine, OLD_VERSION, verdict))
  return (up - verdict) / 1000
}

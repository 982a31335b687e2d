/**
 * A fleet of simulated agents over HTTP on loopback, against the server as `npm start` runs it, in
 * a process of its own with its own PostgreSQL: steady check-ins; an order for all of them; kill -9
 * of the server and its database in the middle of another, and all agents coming back after an
 * interval without a server; a third that is cancelled in the middle. `BENCH_FLEET` makes the fleet
 * smaller, `BENCH_FLEET_INTERVAL` sets the check-in interval in seconds.
 *
 * What agents do is in fleet-agent.ts, at the pace of src/agent/pace.ts. Two processes hold them
 * and share 256 kept connections each, because no address has ports for all; the manifest is
 * fetched by each of them, its files are not.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHECK_INS_PER_S_MAX, PARALLEL_UPGRADES_MAX } from '../src/contract/public/limits.ts'
import { builtInRelease, order, publish } from '../test/acceptance/catalogue.ts'
import { freePort } from '../test/acceptance/processes.ts'
import { deliver, disturb, type FleetBench, settle, withdraw } from './fleet-phases.ts'
import { type CrowdHandle, startCrowdProcess } from './fleet-process.ts'
import { saturate } from './fleet-saturation.ts'
import { FLEET_FACTS, FLEET_RUN, FLEET_VERSION, writeFleet } from './fleet-set-up.ts'
import { KillableServer } from './killable-server.ts'
import type { Row } from './table.ts'

const PROCESSES = 2
const CONNECTIONS = 256
const VERSIONS = ['3.0.0.1', '3.0.0.2', '3.0.0.3'] as const

export async function benchFleet(
  options: { readonly count: number; readonly intervalS: number },
  show: (rows: readonly Row[]) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'drydock-fleet-'))
  try {
    await using server = new KillableServer(
      join(folder, 'data'),
      options.intervalS,
      await freePort(),
    )
    await server.start()
    const { client } = server.process
    const base = await builtInRelease(client)
    for (const version of VERSIONS) await publish(client, base, { version })
    const distributionId = await order(client, 'fleet', VERSIONS[0])
    await client.configurations.auto_upgrade.set({
      amount_of_parallel_upgrades: Math.min(options.count, PARALLEL_UPGRADES_MAX),
    })
    const connection = await server.connection()
    await writeFleet({ ...options, connection, url: server.process.url, distributionId })
    const { rollout } = client.configurations
    const { check_ins_per_s } = await rollout.get()
    // What it bears is measured first, and what it admits from there on.
    await rollout.set({ check_ins_per_s: CHECK_INS_PER_S_MAX })
    show(await saturate(server.process, options.count))
    await rollout.set({ check_ins_per_s })
    await using crowds = new AsyncDisposableStack()
    const bench: FleetBench = { ...options, server, crowds: await startCrowds(server, options) }
    for (const crowd of bench.crowds) crowds.use(crowd)
    show(await settle(bench))
    show(await deliver(bench, VERSIONS[0]))
    show(await disturb(bench, VERSIONS[1]))
    show(await withdraw(bench, VERSIONS[2]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function startCrowds(
  server: KillableServer,
  { count, intervalS }: { readonly count: number; readonly intervalS: number },
): Promise<readonly CrowdHandle[]> {
  const each = Math.ceil(count / PROCESSES)
  const froms = Array.from({ length: PROCESSES }, (_, index) => index * each)
  const shared = {
    port: server.port,
    connections: CONNECTIONS,
    version: FLEET_VERSION,
    runId: FLEET_RUN,
    factsDigest: FLEET_FACTS,
    spreadMs: intervalS * 1000,
    scale: 1,
  }
  return await Promise.all(
    froms.map((from) => {
      return startCrowdProcess({ ...shared, from, count: Math.min(each, count - from) })
    }),
  )
}

/**
 * Packages of every kind: from the call to `Completed`, what one more costs on disk, a thousand of
 * all kinds in one run, and the same order built again elsewhere. Beside them the tools that a user
 * would take instead (package-tools.ts).
 *
 * `BENCH_ORDERS` and `BENCH_MIXED` make a run shorter. The agents of all platforms are those of
 * `npm run agent:release -- --targets all`.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client as SqlClient } from 'pg'
import { clientSettings } from '../src/store/connection.ts'
import { dataFolder } from '../src/store/data-folder.ts'
import { connectionToRunning } from '../src/store/embedded/embedded.ts'
import {
  androidProgram,
  KINDS,
  type Kind,
  type Program,
  publishEverywhere,
  type TargetName,
} from '../test/acceptance/every-platform.ts'
import { REPOSITORY, type ServerProcess } from '../test/acceptance/server-process.ts'
import { diskBytes, memoryMiB, quantile } from './machine.ts'
import { compareRebuilds } from './package-rebuild.ts'
import { timeTools } from './package-tools.ts'
import { type Row, ratio } from './table.ts'

const VERSION = '9.0.0.1'
const WARM_UP = 5
const ORDERS = Number(process.env.BENCH_ORDERS ?? 200)
const MIXED = Number(process.env.BENCH_MIXED ?? 1000)
const AIM_MS = 100
const AIM_KIB = 64

export async function benchPackages(server: ServerProcess, dataDir: string): Promise<Row[]> {
  await publishEverywhere(server.client, VERSION, builtProgram)
  const rows: Row[] = []
  for (const kind of KINDS) rows.push(await benchFirst(server, kind))
  for (const kind of KINDS) rows.push(...(await benchKind(server, dataDir, kind)))
  rows.push(...(await benchMixed(server, dataDir)))
  rows.push(...(await timeTools(server, VERSION)))
  rows.push(...(await compareRebuilds(server, dataDir, VERSION)))
  return rows
}

/** Right after the release was published: the parts that all packages share may not be there. */
async function benchFirst(server: ServerProcess, kind: Kind): Promise<Row> {
  const ms = await timeOrder(server, kind, `first ${kind.name}`)
  return {
    what: `${kind.name}: the first order after publishing`,
    ours: `${ms.toFixed(0)} ms`,
    other: 'makes what others share',
    ratio: '',
  }
}

async function benchKind(
  server: ServerProcess,
  dataDir: string,
  kind: Kind,
): Promise<readonly Row[]> {
  for (let index = 0; index < WARM_UP; index += 1) {
    await timeOrder(server, kind, `warm up ${kind.name} ${index}`)
  }
  const before = await settledBytes(dataDir)
  const times: number[] = []
  for (let index = 0; index < ORDERS; index += 1) {
    times.push(await timeOrder(server, kind, `${kind.name} ${index}`))
  }
  const { tables } = await settledBytes(dataDir)
  const disk = (tables - before.tables) / ORDERS
  return [timesRow(`${kind.name} (${kind.types.join(', ')})`, times), diskRow(kind.name, disk)]
}

async function benchMixed(server: ServerProcess, dataDir: string): Promise<readonly Row[]> {
  const before = await settledBytes(dataDir)
  const memoryBefore = memoryMiB([server.pid]).rss
  const times: number[] = []
  for (let index = 0; index < MIXED; index += 1) {
    const kind = KINDS[index % KINDS.length]
    if (kind !== undefined) times.push(await timeOrder(server, kind, `mixed ${index}`))
  }
  const memory = memoryMiB([server.pid]).rss
  const after = await settledBytes(dataDir)
  const what = `${MIXED} of all kinds in turn`
  return [
    timesRow(what, times),
    {
      what: `${what}: the slowest`,
      ours: `${Math.max(...times).toFixed(1)} ms`,
      other: `aim: ${AIM_MS} ms`,
      ratio: ratio(Math.max(...times), AIM_MS),
    },
    diskRow(what, (after.tables - before.tables) / MIXED),
    diskRow(`${what}, write-ahead log included`, (after.all - before.all) / MIXED),
    {
      what: `${what}: memory of the server process`,
      ours: `${memory.toFixed(0)} MiB`,
      other: `before: ${memoryBefore.toFixed(0)} MiB`,
      ratio: ratio(memory, memoryBefore),
    },
  ]
}

/** From the call to `Completed`, asking all the time. */
async function timeOrder(server: ServerProcess, kind: Kind, name: string): Promise<number> {
  const { distributions } = server.client
  const startedAt = performance.now()
  const { distribution_id } = await distributions.create({ name, ...kind.order(VERSION) })
  for (;;) {
    const { status, message } = await distributions.getStatus(distribution_id)
    if (status === 'Failed') throw new Error(`${name} failed: ${message}`)
    if (status === 'Completed') return performance.now() - startedAt
  }
}

type Settled = { readonly all: number; readonly tables: number }

/**
 * After two checkpoints nothing waits to be written, and the log keeps no more segments than it
 * will use again. Those are 16 MiB each, so without the log the figure is steadier.
 */
async function settledBytes(dataDir: string): Promise<Settled> {
  const { postgres } = dataFolder(dataDir)
  const sql = new SqlClient(clientSettings(await connectionToRunning(postgres)))
  await sql.connect()
  try {
    await sql.query('checkpoint')
    await sql.query('checkpoint')
    const { rows } = await sql.query<{ size: string }>(
      'select sum(size) as size from pg_ls_waldir()',
    )
    const all = diskBytes(dataDir)
    return { all, tables: all - Number(rows[0]?.size ?? 0) }
  } finally {
    await sql.end()
  }
}

function timesRow(what: string, times: readonly number[]): Row {
  const [p50, p95] = [quantile(times, 0.5), quantile(times, 0.95)]
  return {
    what: `${what}: call to \`Completed\`, p50 / p95`,
    ours: `${p50.toFixed(1)} / ${p95.toFixed(1)} ms`,
    other: `aim: ${AIM_MS} ms`,
    ratio: ratio(p95, AIM_MS),
  }
}

function diskRow(what: string, bytes: number): Row {
  const kib = bytes / 1024
  return {
    what: `${what}: disk for each further one`,
    ours: `${kib.toFixed(1)} KiB`,
    other: `aim: ${AIM_KIB} KiB`,
    ratio: ratio(kib, AIM_KIB),
  }
}

function builtProgram(name: TargetName): Program {
  if (name.startsWith('android')) return androidProgram()
  const folder = join(REPOSITORY, 'build/agent', name)
  const launcher = join(folder, name.startsWith('windows') ? 'drydock-agent.exe' : 'drydock-agent')
  if (!existsSync(launcher)) {
    throw new Error(`${launcher} is missing: npm run agent:release -- --targets all`)
  }
  return { launcher: readFileSync(launcher), agent: readFileSync(join(folder, 'agent.mjs')) }
}

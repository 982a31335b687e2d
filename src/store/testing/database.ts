/**
 * A database for tests: `await using db = await startTestDatabase()`. It is real, has all
 * migrations applied and belongs to the caller alone. Each test process has one PostgreSQL, started
 * at the first call from a copy of a cluster that is made once for each machine; a database is a
 * copy of a migrated one and costs some twenty milliseconds. PostgreSQL and its folder go when the
 * process ends, however it ends: a cleaner holds a pipe.
 *
 * Durability is off: what is tested here is not the disk. The supervisor's own tests start their
 * own servers.
 */
import { spawn } from 'node:child_process'
import { cp, lstat, mkdir, mkdtemp, rename, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { systemClock } from '../../base/clock.ts'
import { digestOf } from '../../base/digest.ts'
import { invariant } from '../../base/invariant.ts'
import { silentLog } from '../../base/log.ts'
import { systemRandom } from '../../base/random.ts'
import { type Connection, clientSettings } from '../connection.ts'
import { findBinaries } from '../embedded/binaries.ts'
import { startEmbedded } from '../embedded/embedded.ts'
import { isMissing } from '../folder.ts'
import { migrate } from '../migrate.ts'
import { ALL_MIGRATIONS } from '../migrations/all.ts'
import { type Database, openDatabase } from '../open.ts'

/** Has every migration. */
export const TEMPLATE = 'template_drydock'

const UNSAFE_AND_FAST = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
  max_connections: '100',
  max_logical_replication_workers: '0',
}

/** Containers often have 64 MiB of it; a cluster and a few databases need more. */
const MEMORY_FOLDER = '/dev/shm'
const MEMORY_BYTES_MIN = 1024 ** 3

const CLEANER = `cat >/dev/null
tries=0
while [ -e "$1/postgres/cluster/pgdata/postmaster.pid" ] && [ "$tries" -lt 100 ]; do
  sleep 0.1; tries=$((tries + 1))
done
rm -rf "$1"`

let server: Promise<Connection> | undefined
let databases = 0

/** A database of one's own with all migrations applied. */
export async function startTestDatabase(): Promise<Database> {
  const empty = await createTestDatabase(TEMPLATE)
  const database = openTestDatabase(empty.connection)
  return {
    ...database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]()
      await empty[Symbol.asyncDispose]()
    },
  }
}

/** A database without tables: for tests of migrations and restoring. */
export async function createTestDatabase(
  template = 'template1',
): Promise<AsyncDisposable & { readonly connection: Connection }> {
  server ??= startServer()
  const connection = await server
  invariant(connection.kind === 'socket', 'the embedded database has a socket')
  databases += 1
  const name = `test_${databases}`
  await runStatement(connection, `create database ${name} template ${template} strategy file_copy`)
  return {
    connection: { ...connection, database: name },
    async [Symbol.asyncDispose]() {
      await runStatement(connection, `drop database ${name} with (force)`)
    },
  }
}

export function openTestDatabase(connection: Connection): Database {
  return openDatabase({ connection, log: silentLog, clock: systemClock, random: systemRandom })
}

async function startServer(): Promise<Connection> {
  const folder = await mkdtemp(join(await fastFolder(), 'drydock-test-'))
  const cleaner = spawn('sh', ['-c', CLEANER, 'sh', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  cleaner.unref()
  await copyPreparedCluster(join(folder, 'postgres'))
  const { connection } = await startEmbedded({
    dataDir: join(folder, 'postgres'),
    log: silentLog,
    clock: systemClock,
    settings: UNSAFE_AND_FAST,
  })
  invariant(connection.kind === 'socket', 'the embedded database has a socket')
  await runStatement(connection, `create database ${TEMPLATE}`)
  await using template = openTestDatabase({ ...connection, database: TEMPLATE })
  await migrate(template, ALL_MIGRATIONS, { log: silentLog, clock: systemClock })
  return connection
}

/** Memory, where there is enough of it: a database is then made in 20 ms instead of 200. */
async function fastFolder(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(MEMORY_FOLDER)
    return bavail * bsize > MEMORY_BYTES_MIN ? MEMORY_FOLDER : tmpdir()
  } catch (cause) {
    if (isMissing(cause)) return tmpdir()
    throw cause
  }
}

/** initdb takes a second; a copy of what it makes takes a twentieth of that. */
export async function copyPreparedCluster(folder: string): Promise<void> {
  const { major, postgres } = await findBinaries()
  const uid = process.getuid?.() ?? 0
  const key = digestOf(`${major} ${postgres} ${period()}`).slice(0, 12)
  const prepared = join(tmpdir(), `drydock-test-cluster-${uid}-${key}`)
  if (!(await isPrepared(prepared, uid))) await prepareCluster(prepared)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await cp(join(prepared, 'cluster'), join(folder, 'cluster'), { recursive: true })
}

/** Machines remove old files from their temporary folder: a cluster serves for a few days. */
function period(): number {
  const days = 3
  return Math.floor(systemClock.now() / (days * 24 * 60 * 60 * 1000))
}

async function prepareCluster(prepared: string): Promise<void> {
  const making = await mkdtemp(`${prepared}-`)
  await using cleanUp = new AsyncDisposableStack()
  cleanUp.defer(() => rm(making, { recursive: true, force: true }))
  const embedded = await startEmbedded({ dataDir: making, log: silentLog, clock: systemClock })
  await embedded[Symbol.asyncDispose]()
  try {
    await rename(making, prepared)
  } catch (cause) {
    const isMadeByAnother = cause instanceof Error && 'code' in cause && cause.code === 'ENOTEMPTY'
    if (!isMadeByAnother) throw cause
  }
}

async function isPrepared(prepared: string, uid: number): Promise<boolean> {
  try {
    const found = await lstat(prepared)
    invariant(found.isDirectory() && found.uid === uid, `${prepared} is a folder of this user`)
    return true
  } catch (cause) {
    if (isMissing(cause)) return false
    throw cause
  }
}

async function runStatement(connection: Connection, statement: string): Promise<void> {
  const client = new Client(clientSettings(connection))
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/**
 * Brings a backup back (backup-format.ts), into a data folder and a database that are empty.
 *
 * Nothing gets its final name before every digest has been checked, which is at the end of the
 * file: the tables are loaded in one transaction that is still open, the artifacts lie in a folder
 * with a passing name, the secrets are in memory. Then, in this order: the artifacts' folder is
 * renamed, the secrets are written, the transaction commits. A refusal or a fault takes all of it
 * back. A kill leaves a marker, by which the next restore knows that what lies there is its own and
 * begins again.
 */
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Kysely, type Transaction } from 'kysely'
import { Client, type Pool, type PoolClient } from 'pg'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { BackupHead } from './backup-format.ts'
import { BackupDamaged, BackupReader, type LoadTarget } from './backup-reader.ts'
import { loadTables, setIdentities } from './catalogue.ts'
import { type Connection, clientSettings } from './connection.ts'
import type { DataFolder } from './data-folder.ts'
import { databaseFault } from './database-fault.ts'
import { poolDialect } from './driver.ts'
import { folderFault, isMissing, syncFolder } from './folder.ts'
import { applyMigration, createBookkeeping, type Migration } from './migrate.ts'
import type { Writer } from './open.ts'
import type { Tables } from './tables.ts'

export type RestoreNeeds = {
  readonly connection: Connection
  readonly folder: DataFolder
  readonly migrations: readonly Migration[]
  readonly clock: Clock
}

/** In order of precedence. */
export type RestoreRefusal =
  | { readonly code: 'not-empty'; readonly what: string }
  | { readonly code: 'backup-newer'; readonly migration: string }
  | { readonly code: 'backup-format-unknown'; readonly format: number }
  | { readonly code: 'backup-damaged'; readonly reason: string }

export type RestoreSummary = {
  readonly createdAt: number
  readonly rows: number
  readonly artifacts: number
}

const MARKER = 'restoring'

export async function restoreBackup(
  needs: RestoreNeeds,
  source: Readable,
): Promise<Result<RestoreSummary, RestoreRefusal>> {
  const { folder } = needs
  const client = new Client({
    ...clientSettings(needs.connection),
    application_name: 'drydock-restore',
  })
  // The query that is under way fails too, and tells more.
  client.on('error', () => {})
  try {
    await client.connect()
    const occupied = (await occupiedFolder(folder)) ?? (await occupiedDatabase(client))
    if (occupied !== null) return refuse({ code: 'not-empty', what: occupied })
    await begin(folder)
    const outcome = await load(needs, client, source)
    if (outcome.ok) await rm(join(folder.root, MARKER), { force: true })
    return outcome
  } catch (cause) {
    throw restoreFault(folder, source, cause)
  } finally {
    source.destroy()
    await client.end()
  }
}

function restoreFault(folder: DataFolder, source: Readable, cause: unknown): unknown {
  const doing = `restoring a backup into ${folder.root}`
  if (source.errored === cause) {
    return new Fault({ code: 'backup-unreadable', doing, retry: 'later', cause })
  }
  const isFromDisk = cause instanceof Error && 'syscall' in cause
  return isFromDisk
    ? folderFault({ code: 'backup-not-restored', doing, cause })
    : (databaseFault(cause, doing) ?? cause)
}

async function load(
  needs: RestoreNeeds,
  client: Client,
  source: Readable,
): Promise<Result<RestoreSummary, RestoreRefusal>> {
  const { folder } = needs
  let isCommitted = false
  let isConnected = true
  client.once('end', () => {
    isConnected = false
  })
  try {
    await client.query('set statement_timeout = 0')
    await client.query('begin')
    const target: LoadTarget = {
      client,
      artifacts: staging(folder),
      prepare: (head) => prepareTables(needs, client, head),
    }
    const contents = await new BackupReader(target).read(source)
    await setIdentities(client, contents.head.identities)
    await giveFinalNames(folder, contents)
    await client.query('commit')
    isCommitted = true
    const { head, rows, artifacts } = contents
    return accept({ createdAt: head.created_at, rows, artifacts })
  } catch (error) {
    // What is loaded into a connection that broke looks damaged, and is not.
    if (error instanceof BackupDamaged && isConnected) return refuse(error.refusal)
    throw error
  } finally {
    if (!isCommitted) await client.query('rollback').catch(nothingLeftToDo)
    if (!isCommitted) await takeBack(folder)
  }
}

function nothingLeftToDo(): void {
  // Best effort: closing the connection, which comes next, rolls back too.
}

/**
 * Makes the tables as they were when the backup was made; a newer server brings them up to date
 * when it starts.
 */
async function prepareTables(needs: RestoreNeeds, client: Client, head: BackupHead): Promise<void> {
  const unknown = head.migrations.find((name, index) => needs.migrations[index]?.name !== name)
  if (unknown !== undefined) throw new BackupDamaged({ code: 'backup-newer', migration: unknown })
  const tx = inTransactionOf(client)
  await createBookkeeping(tx)
  for (const [index, migration] of needs.migrations.slice(0, head.migrations.length).entries()) {
    await applyMigration(tx, { migration, position: index + 1, now: needs.clock.now() })
  }
  const made = JSON.stringify(await loadTables(client))
  if (made !== JSON.stringify(head.tables)) {
    throw new BackupDamaged({
      code: 'backup-damaged',
      reason: 'its tables are not those of its migrations',
    })
  }
  // A migration may have put rows of its own into them; those in the backup replace them. With them
  // goes what the database keeps of theirs by itself.
  const names = head.tables.map((table) => `"${table.name}"`)
  if (names.length > 0) await client.query(`truncate table ${names.join(', ')} cascade`)
}

/** The open transaction of this connection, for code that speaks Kysely. */
function inTransactionOf(client: Client): Writer {
  const single: PoolClient = Object.assign(client, { release: () => {} })
  // Both methods have overloads with callbacks, which our driver never uses.
  const pool = { connect: async () => single, end: async () => {} } as Pick<Pool, 'connect' | 'end'>
  const database = new Kysely<Tables>({ dialect: poolDialect(pool as Pool) })
  // It is in a transaction, which this function's callers began and end.
  return database as unknown as Transaction<Tables>
}

async function occupiedFolder(folder: DataFolder): Promise<string | null> {
  if (await isThere(join(folder.root, MARKER))) return null
  for (const path of [folder.secret, folder.adminKey]) if (await isThere(path)) return path
  const artifacts = await readdir(folder.artifacts, { recursive: true }).catch(emptyIfMissing)
  return artifacts.some((name) => /[0-9a-f]{64}$/.test(name)) ? folder.artifacts : null
}

async function occupiedDatabase(client: Client): Promise<string | null> {
  const [table] = await loadTables(client)
  return table === undefined ? null : `the database, which has a table ${table.name}`
}

async function begin(folder: DataFolder): Promise<void> {
  await mkdir(folder.root, { recursive: true, mode: 0o700 })
  await writeFile(join(folder.root, MARKER), '', { mode: 0o600, flush: true })
  await syncFolder(folder.root)
  await removeAll(folder)
  await mkdir(staging(folder), { mode: 0o700 })
}

/** What this restore put there. The marker goes last. */
async function takeBack(folder: DataFolder): Promise<void> {
  await removeAll(folder)
  await rm(join(folder.root, MARKER), { force: true })
}

async function removeAll(folder: DataFolder): Promise<void> {
  for (const path of [staging(folder), folder.artifacts, folder.secret, folder.adminKey]) {
    await rm(path, { recursive: true, force: true })
  }
}

function staging(folder: DataFolder): string {
  return `${folder.artifacts}.restoring`
}

async function giveFinalNames(
  folder: DataFolder,
  contents: { readonly secret: Uint8Array; readonly adminKey: Uint8Array | null },
): Promise<void> {
  await rename(staging(folder), folder.artifacts)
  await writeDurably(folder.secret, contents.secret)
  if (contents.adminKey !== null) await writeDurably(folder.adminKey, contents.adminKey)
  await syncFolder(folder.root)
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(bytes)
  await file.sync()
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (cause) {
    if (isMissing(cause)) return false
    throw cause
  }
}

function emptyIfMissing(cause: unknown): string[] {
  if (isMissing(cause)) return []
  throw cause
}

/**
 * Everything that this server is, in one file (backup-format.ts). Works while servers run: all
 * tables are read in one snapshot, and artifacts never change. A backup that could not be restored
 * is none, so an artifact whose bytes are no longer what its name says makes it fail.
 */
import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Client } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { type Pack, pack } from 'tar-stream'
import { concatBytes, utf8 } from '../base/bytes.ts'
import type { Clock, Instant } from '../base/clock.ts'
import { type Digest, digestOf, isDigest } from '../base/digest.ts'
import { Fault } from '../base/fault.ts'
import { invariant } from '../base/invariant.ts'
import { artifactPath } from './artifacts.ts'
import {
  ADMIN_KEY_ENTRY,
  artifactEntry,
  BACKUP_FORMAT,
  type BackupEntry,
  type BackupHead,
  HEAD_ENTRY,
  MANIFEST_ENTRY,
  PIECE_BYTES,
  pieceEntry,
  SEAL_ENTRY,
  SECRET_ENTRY,
} from './backup-format.ts'
import { copyClause, loadIdentities, loadTables } from './catalogue.ts'
import { type Connection, clientSettings } from './connection.ts'
import type { DataFolder } from './data-folder.ts'
import { databaseFault } from './database-fault.ts'
import { folderFault, isMissing, syncFolder } from './folder.ts'

export type BackupNeeds = {
  readonly connection: Connection
  readonly folder: DataFolder
  readonly clock: Clock
}

export type BackupSummary = {
  readonly tables: number
  readonly rows: number
  readonly artifacts: number
  readonly bytes: number
}

/** Writes a backup to a new file, which has its name only once it is whole and on the disk. */
export async function saveBackup(needs: BackupNeeds, file: string): Promise<BackupSummary> {
  const partial = `${file}.partial`
  try {
    await rm(partial, { force: true })
    const handle = await open(partial, 'wx', 0o600)
    const summary = await writeBackup(needs, handle.createWriteStream({ flush: true }))
    await rename(partial, file)
    await syncFolder(dirname(file))
    return summary
  } catch (cause) {
    await rm(partial, { force: true })
    throw folderFault({ code: 'backup-not-written', doing: `writing the backup ${file}`, cause })
  }
}

/** Writes a backup to a stream, and ends it. */
export async function writeBackup(needs: BackupNeeds, target: Writable): Promise<BackupSummary> {
  const client = new Client({
    ...clientSettings(needs.connection),
    application_name: 'drydock-backup',
  })
  // The query that is under way fails too, and tells more.
  client.on('error', () => {})
  const tar = pack()
  try {
    await client.connect()
    const writing = writeEntries(needs, client, new BackupTar(tar, needs.clock.now()))
    writing.catch((error) => tar.destroy(error))
    const [summary] = await Promise.all([writing, pipeline(Readable.from(tar), target)])
    return summary
  } catch (cause) {
    throw databaseFaultOrSelf(cause)
  } finally {
    await client.end()
  }
}

function databaseFaultOrSelf(cause: unknown): unknown {
  const isFromDisk = cause instanceof Error && 'syscall' in cause
  return isFromDisk ? cause : (databaseFault(cause, 'reading the database for a backup') ?? cause)
}

async function writeEntries(
  needs: BackupNeeds,
  client: Client,
  tar: BackupTar,
): Promise<BackupSummary> {
  await client.query('set statement_timeout = 0')
  await client.query('begin transaction isolation level repeatable read read only')
  const head = await loadHead(client, needs.clock.now())
  await tar.addBytes(HEAD_ENTRY, utf8(JSON.stringify(head)))
  await tar.addBytes(SECRET_ENTRY, await readFile(needs.folder.secret))
  const adminKey = await readIfPresent(needs.folder.adminKey)
  if (adminKey !== null) await tar.addBytes(ADMIN_KEY_ENTRY, adminKey)
  const rows: Record<string, number> = {}
  for (const table of head.tables) rows[table.name] = await addTable(tar, client, table)
  const artifacts = await client.query<{ digest: string; size: string }>(
    'select gzip_digest as digest, gzip_size as size from artifact order by gzip_digest',
  )
  for (const { digest, size } of artifacts.rows) {
    invariant(isDigest(digest), 'an artifact row names a digest')
    await addArtifact({ tar, folder: needs.folder.artifacts, digest, size: Number(size) })
  }
  await client.query('commit')
  const manifest = utf8(JSON.stringify({ entries: tar.entries, rows }))
  await tar.addBytes(MANIFEST_ENTRY, manifest)
  await tar.addBytes(SEAL_ENTRY, utf8(`${digestOf(manifest)}\n`))
  tar.finish()
  return {
    tables: head.tables.length,
    rows: Object.values(rows).reduce((sum, count) => sum + count, 0),
    artifacts: artifacts.rows.length,
    bytes: tar.entries.reduce((sum, entry) => sum + entry.size, 0),
  }
}

async function loadHead(client: Client, now: Instant): Promise<BackupHead> {
  const migrations = await client.query<{ name: string }>(
    'select name from schema_migration order by position',
  )
  return {
    format: BACKUP_FORMAT,
    created_at: now,
    migrations: migrations.rows.map((row) => row.name),
    tables: await loadTables(client),
    identities: await loadIdentities(client),
  }
}

async function addTable(
  tar: BackupTar,
  client: Client,
  table: BackupHead['tables'][number],
): Promise<number> {
  const rows = client.query(copyTo(`${copyClause(table)} to stdout`))
  let index = 0
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  const flush = async () => {
    const piece = concatBytes(waiting)
    waiting = []
    waitingBytes = 0
    await tar.addBytes(pieceEntry(table.name, index), piece)
    index += 1
  }
  for await (const chunk of rows as AsyncIterable<Uint8Array>) {
    waiting.push(chunk)
    waitingBytes += chunk.length
    if (waitingBytes >= PIECE_BYTES) await flush()
  }
  if (waitingBytes > 0) await flush()
  return rows.rowCount ?? 0
}

async function addArtifact(work: {
  readonly tar: BackupTar
  readonly folder: string
  readonly digest: Digest
  readonly size: number
}): Promise<void> {
  const { tar, folder, digest, size } = work
  const path = artifactPath(folder, digest)
  const doing = `reading artifact ${digest} for a backup`
  try {
    const isWhole = (await stat(path)).size === size
    const written = isWhole && (await tar.add(artifactEntry(digest), size, createReadStream(path)))
    if (written && written.sha256 === digest) return
  } catch (cause) {
    if (isMissing(cause))
      throw new Fault({ code: 'artifact-missing', doing, retry: 'never', cause })
    throw folderFault({ code: 'artifact-unreadable', doing, cause })
  }
  throw new Fault({ code: 'artifact-damaged', doing, retry: 'never' })
}

async function readIfPresent(path: string): Promise<Uint8Array | null> {
  return readFile(path).catch((cause: unknown) => {
    if (isMissing(cause)) return null
    throw cause
  })
}

/** A tar that knows what is in it. */
class BackupTar {
  readonly #tar: Pack
  readonly #mtime: Date
  readonly entries: BackupEntry[] = []

  constructor(tar: Pack, now: Instant) {
    this.#tar = tar
    this.#mtime = new Date(now)
  }

  async addBytes(name: string, bytes: Uint8Array): Promise<void> {
    await this.add(name, bytes.length, [bytes])
  }

  async add(
    name: string,
    size: number,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<BackupEntry> {
    const written = Promise.withResolvers<void>()
    const header = { name, size, mode: 0o600, mtime: this.#mtime }
    const sink = this.#tar.entry(header, (error) => {
      if (error) written.reject(error)
      else written.resolve()
    })
    // Best effort: it is told to the awaiting below, and would be unhandled while a chunk is read.
    written.promise.catch(() => {})
    const hash = createHash('sha256')
    for await (const chunk of chunks) {
      hash.update(chunk)
      if (!sink.write(chunk)) await Promise.race([once(sink, 'drain'), written.promise])
    }
    sink.end(null)
    await written.promise
    const entry = { name, size, sha256: hexDigest(hash) }
    this.entries.push(entry)
    return entry
  }

  finish(): void {
    this.#tar.finalize()
  }
}

function hexDigest(hash: Hash): Digest {
  const digest = hash.digest('hex')
  invariant(isDigest(digest), 'a SHA-256 in hexadecimal is a digest')
  return digest
}

/**
 * Reads a backup file from beginning to end, into where it is told, and refuses everything that is
 * not exactly as backup-format.ts says: another order, another name, a byte that differs, an end
 * that comes too soon. What it wrote by then is the caller's to take back.
 */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { type Extract, extract } from 'tar-stream'
import type * as z from 'zod'
import { concatBytes, fromUtf8 } from '../base/bytes.ts'
import { type Digest, digestOf, isDigest } from '../base/digest.ts'
import { causeChain, Fault } from '../base/fault.ts'
import { giveFinalName } from './artifacts.ts'
import {
  ADMIN_KEY_ENTRY,
  artifactEntry,
  BACKUP_FORMAT,
  type BackupEntry,
  type BackupHead,
  backupFormat,
  backupHead,
  backupManifest,
  ENTRY_BYTES_MAX,
  HEAD_ENTRY,
  MANIFEST_ENTRY,
  pieceEntry,
  SEAL_ENTRY,
  SECRET_ENTRY,
} from './backup-format.ts'
import { copyClause } from './catalogue.ts'
import { databaseFault } from './database-fault.ts'
import { SECRET_BYTES } from './secret.ts'

export type ReadRefusal =
  | { readonly code: 'backup-newer'; readonly migration: string }
  | { readonly code: 'backup-format-unknown'; readonly format: number }
  | { readonly code: 'backup-damaged'; readonly reason: string }

/** Carries a refusal out of the streams; restore.ts turns it into a value. */
export class BackupDamaged extends Error {
  readonly refusal: ReadRefusal

  constructor(refusal: ReadRefusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

export type LoadTarget = {
  /** In a transaction. */
  readonly client: Client
  /** A folder for the artifacts, with a passing name. */
  readonly artifacts: string
  /** Makes the tables that the head tells of, empty, or refuses. */
  prepare(head: BackupHead): Promise<void>
}

type Entry = Extract extends AsyncIterable<infer Item> ? Item : never

export type BackupContents = {
  readonly head: BackupHead
  readonly secret: Uint8Array
  readonly adminKey: Uint8Array | null
  readonly rows: number
  readonly artifacts: number
}

export class BackupReader {
  readonly #target: LoadTarget
  readonly #entries: BackupEntry[] = []
  #next: Entry | null = null

  constructor(target: LoadTarget) {
    this.#target = target
  }

  async read(source: Readable): Promise<BackupContents> {
    const tar = extract()
    const entries = tar[Symbol.asyncIterator]()
    source.once('error', (error) => tar.destroy(error))
    source.pipe(tar)
    try {
      return await this.#readAll(entries)
    } catch (error) {
      throw asRefusal(error, source)
    } finally {
      tar.destroy()
    }
  }

  async #readAll(entries: AsyncIterator<Entry>): Promise<BackupContents> {
    const advance = async () => {
      const { value, done } = await entries.next()
      this.#next = done ? null : value
    }
    await advance()
    const take = async (name: string) => {
      const bytes = await this.#takeBytes(name)
      await advance()
      return bytes
    }
    const head = parseHead(await take(HEAD_ENTRY))
    await this.#target.prepare(head)
    const secret = await take(SECRET_ENTRY)
    if (secret.length !== SECRET_BYTES) throw damaged('its instance secret is not one')
    const adminKey = this.#isNext(ADMIN_KEY_ENTRY) ? await take(ADMIN_KEY_ENTRY) : null
    const rows: Record<string, number> = {}
    for (const table of head.tables) rows[table.name] = await this.#loadTable(table, take)
    const artifacts = await this.#loadArtifacts(advance)
    const written = [...this.#entries]
    const manifestBytes = await take(MANIFEST_ENTRY)
    const seal = fromUtf8(await take(SEAL_ENTRY))
    if (this.#next !== null) throw damaged('it goes on after its end')
    if (seal.trim() !== digestOf(manifestBytes)) throw damaged('its manifest was changed')
    const manifest = parse(backupManifest, manifestBytes)
    if (!isSame(manifest, { entries: written, rows })) {
      throw damaged('its contents are not those of its manifest')
    }
    const total = Object.values(rows).reduce((sum, count) => sum + count, 0)
    return { head, secret, adminKey, rows: total, artifacts }
  }

  #isNext(name: string): boolean {
    return this.#next?.header.name === name
  }

  async #takeBytes(name: string): Promise<Uint8Array> {
    const entry = this.#expect(name)
    const size = entry.header.size ?? 0
    if (size > ENTRY_BYTES_MAX) throw damaged(`${name} is too large`)
    const chunks: Uint8Array[] = []
    for await (const chunk of bytesOf(entry)) chunks.push(chunk)
    const bytes = concatBytes(chunks)
    this.#entries.push({ name, size: bytes.length, sha256: digestOf(bytes) })
    return bytes
  }

  #expect(name: string): Entry {
    const entry = this.#next
    if (entry === null) throw damaged(`it ends before ${name}`)
    if (entry.header.name !== name || entry.header.type !== 'file') {
      throw damaged(`it has ${entry.header.name} where ${name} belongs`)
    }
    return entry
  }

  async #loadTable(
    table: BackupHead['tables'][number],
    take: (name: string) => Promise<Uint8Array>,
  ): Promise<number> {
    if (!this.#isNext(pieceEntry(table.name, 0))) return 0
    const rows = this.#target.client.query(copyFrom(`${copyClause(table)} from stdin`))
    const pieces = async function* (reader: BackupReader) {
      for (let index = 0; reader.#isNext(pieceEntry(table.name, index)); index++) {
        yield await take(pieceEntry(table.name, index))
      }
    }
    await pipeline(pieces(this), rows as Writable)
    return rows.rowCount ?? 0
  }

  async #loadArtifacts(advance: () => Promise<void>): Promise<number> {
    let count = 0
    for (;;) {
      const digest = this.#next?.header.name.slice(artifactEntry('').length) ?? ''
      if (!isDigest(digest) || !this.#isNext(artifactEntry(digest))) return count
      await this.#loadArtifact(digest)
      await advance()
      count += 1
    }
  }

  async #loadArtifact(digest: Digest): Promise<void> {
    const entry = this.#expect(artifactEntry(digest))
    const folder = this.#target.artifacts
    const path = join(folder, 'incoming')
    const hash = createHash('sha256')
    let size = 0
    const measured = async function* () {
      for await (const chunk of bytesOf(entry)) {
        hash.update(chunk)
        size += chunk.length
        yield chunk
      }
    }
    await pipeline(measured(), createWriteStream(path, { mode: 0o600, flush: true }))
    if (hash.digest('hex') !== digest) throw damaged(`artifact ${digest} was changed`)
    await giveFinalName(folder, path, digest)
    this.#entries.push({ name: artifactEntry(digest), size, sha256: digest })
  }
}

/** An entry's chunks, which the library gives no type. */
function bytesOf(entry: Entry): AsyncIterable<Uint8Array> {
  return entry as AsyncIterable<Uint8Array>
}

function damaged(reason: string): BackupDamaged {
  return new BackupDamaged({ code: 'backup-damaged', reason })
}

/** What the disk or the connection did stays what it is; everything else is the file's doing. */
function asRefusal(error: unknown, source: Readable): unknown {
  if (error instanceof BackupDamaged || error instanceof Fault) return error
  const isFromDisk = error instanceof Error && 'syscall' in error
  if (isFromDisk || source.errored !== null) return error
  return databaseFault(error, 'loading a backup') ?? damaged(causeChain(error).join(': '))
}

function parseHead(bytes: Uint8Array): BackupHead {
  const { format } = parse(backupFormat, bytes)
  if (format !== BACKUP_FORMAT) throw new BackupDamaged({ code: 'backup-format-unknown', format })
  return parse(backupHead, bytes)
}

function parse<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array): z.output<Schema> {
  const outcome = schema.safeParse(JSON.parse(fromUtf8(bytes)))
  if (!outcome.success) throw damaged(outcome.error.message)
  return outcome.data
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

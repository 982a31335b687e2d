/**
 * The backup file: a tar whose entries come in this order, and no others.
 *
 *   backup.json                    what is in it: `BackupHead` secret/instance-secret         32
 *   bytes secret/admin-key.json          if there is one tables/<name>/<000000...>
 *   PostgreSQL's COPY text, in pieces, tables before those that refer to them artifacts/<digest>
 *   gzip members as they are stored manifest.json                  name, size and SHA-256 of every
 *   entry before it: `BackupManifest` manifest.sha256                the SHA-256 of manifest.json
 *
 * Tables go in pieces because a tar entry states its size first and a table's is not known before
 * its end. The manifest comes last, so a file that was cut short has none, and its digest comes
 * after it, so no byte that matters can change unnoticed. It is not signed: it holds the instance
 * secret, so whoever could sign it could also write it. Keep it like a private key.
 */
import * as z from 'zod'
import { type Digest, isDigest } from '../base/digest.ts'

export const BACKUP_FORMAT = 1

export const HEAD_ENTRY = 'backup.json'
export const SECRET_ENTRY = 'secret/instance-secret'
export const ADMIN_KEY_ENTRY = 'secret/admin-key.json'
export const MANIFEST_ENTRY = 'manifest.json'
export const SEAL_ENTRY = 'manifest.sha256'

/** A piece of a table is in memory as a whole. */
export const PIECE_BYTES = 1024 * 1024
/**
 * Entries that are read into memory: pieces, heads, secrets; the manifest has a line for each
 * artifact.
 */
export const ENTRY_BYTES_MAX = 64 * 1024 * 1024

export function pieceEntry(table: string, index: number): string {
  return `tables/${table}/${String(index).padStart(6, '0')}`
}

export function artifactEntry(gzipDigest: string): string {
  return `artifacts/${gzipDigest}`
}

const identifier = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/)
const count = z.int().min(0)
const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value))

/**
 * Read before the rest, so that a file of another form is refused for that, whatever else is in it.
 */
export const backupFormat = z.object({ format: z.int() })

export const backupHead = z.strictObject({
  format: z.literal(BACKUP_FORMAT),
  /** Milliseconds UTC. */
  created_at: count,
  migrations: z.array(z.string().max(200)).min(1),
  tables: z.array(z.strictObject({ name: identifier, columns: z.array(identifier).min(1) })),
  /**
   * The number that each identity column gives next: those of deleted rows are never given again.
   */
  identities: z.array(z.strictObject({ table: identifier, column: identifier, next: count })),
})
export type BackupHead = z.infer<typeof backupHead>

export const backupManifest = z.strictObject({
  entries: z.array(z.strictObject({ name: z.string().max(300), size: count, sha256: digest })),
  rows: z.record(identifier, count),
})
export type BackupManifest = z.infer<typeof backupManifest>
export type BackupEntry = BackupManifest['entries'][number]

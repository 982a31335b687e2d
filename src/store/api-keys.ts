import type { Instant } from '../base/clock.ts'
import type { Reader, Writer } from './open.ts'

export type ApiKey = {
  readonly id: number
  readonly name: string
  readonly mode: 'standard' | 'advanced'
  readonly role: string
  readonly keyDigest: string
  /** Sealed; null for standard keys. */
  readonly sealedState: Uint8Array | null
  readonly createdAt: Instant
  readonly expiresAt: Instant | null
  readonly revokedAt: Instant | null
  readonly lastUsedAt: Instant | null
}

/** Every key that was ever made, revoked and expired ones included, oldest first. */
export async function loadApiKeys(reader: Reader): Promise<readonly ApiKey[]> {
  const rows = await reader.selectFrom('api_key').selectAll().orderBy('id').execute()
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    mode: row.mode,
    role: row.role,
    keyDigest: row.key_digest,
    sealedState: row.sealed_state,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  }))
}

/** Returns the id the store gave it. */
export async function saveNewApiKey(
  writer: Writer,
  key: Omit<ApiKey, 'id' | 'revokedAt' | 'lastUsedAt'>,
): Promise<number> {
  const row = await writer
    .insertInto('api_key')
    .values({
      name: key.name,
      mode: key.mode,
      role: key.role,
      key_digest: key.keyDigest,
      sealed_state: key.sealedState === null ? null : Buffer.from(key.sealedState),
      created_at: key.createdAt,
      expires_at: key.expiresAt,
      revoked_at: null,
      last_used_at: null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

/** How many of the named keys were live and are revoked now. */
export async function saveApiKeysRevoked(
  writer: Writer,
  ids: readonly number[],
  now: Instant,
): Promise<number> {
  if (ids.length === 0) return 0
  const result = await writer
    .updateTable('api_key')
    .set({ revoked_at: now })
    .where('id', 'in', ids)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

export async function saveApiKeyUsed(writer: Writer, id: number, now: Instant): Promise<void> {
  await writer.updateTable('api_key').set({ last_used_at: now }).where('id', '=', id).execute()
}

import type { Instant } from '../base/clock.ts'
import type { KeyGrant } from '../domain/access/grants.ts'
import type { Scope } from '../domain/access/scope.ts'
import type { Reader, Writer } from './open.ts'

/** What is kept of a secret: enough to check it, too little to use it. */
export type KeptSecret = {
  readonly keyDigest: string
  /** Sealed; null for standard keys. */
  readonly sealedState: Uint8Array | null
}

export type ApiKey = KeyGrant &
  KeptSecret & {
    readonly name: string
    readonly mode: 'standard' | 'advanced'
    readonly createdBy: string
    readonly createdAt: Instant
    readonly revokedAt: Instant | null
    readonly lastUsedAt: Instant | null
    /** The secret before the last rotation, while it is still taken. */
    readonly previous: (KeptSecret & { readonly until: Instant }) | null
  }

export type NewApiKey = KeptSecret &
  Pick<ApiKey, 'name' | 'mode' | 'role' | 'createdAt' | 'expiresAt'> &
  Partial<Pick<ApiKey, 'createdBy' | 'scope' | 'userEmail'>>

/** Those that were not deleted, expired ones included, oldest first. */
export async function loadApiKeys(reader: Reader): Promise<readonly ApiKey[]> {
  const rows = await reader
    .selectFrom('api_key')
    .selectAll()
    .where('revoked_at', 'is', null)
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    mode: row.mode,
    role: row.role,
    scope: row.scope as Scope, // As it was written below.
    userEmail: row.user_email,
    keyDigest: row.key_digest,
    sealedState: row.sealed_state,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
    previous:
      row.previous_digest === null || row.previous_until === null
        ? null
        : {
            keyDigest: row.previous_digest,
            sealedState: row.previous_state,
            until: row.previous_until,
          },
  }))
}

/** Whether any key was ever made. */
export async function hasApiKeys(reader: Reader): Promise<boolean> {
  return (await reader.selectFrom('api_key').select('id').limit(1).executeTakeFirst()) !== undefined
}

/** Returns the id the store gave it. */
export async function saveNewApiKey(writer: Writer, key: NewApiKey): Promise<number> {
  const scope = key.scope ?? null
  const row = await writer
    .insertInto('api_key')
    .values({
      name: key.name,
      mode: key.mode,
      role: key.role,
      key_digest: key.keyDigest,
      sealed_state: bufferOf(key.sealedState),
      created_at: key.createdAt,
      created_by: key.createdBy ?? 'server',
      expires_at: key.expiresAt,
      revoked_at: null,
      last_used_at: null,
      scope: scope === null ? null : JSON.stringify(scope),
      user_email: key.userEmail ?? null,
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

/** The key has a new secret; the one it had is the previous one until then, or gone (null). */
export async function saveApiKeyRotated(
  writer: Writer,
  key: KeptSecret & {
    readonly id: number
    readonly expiresAt: Instant | null
    readonly previousUntil: Instant | null
  },
): Promise<void> {
  const isKept = key.previousUntil !== null
  await writer
    .updateTable('api_key')
    .set((set) => ({
      key_digest: key.keyDigest,
      sealed_state: bufferOf(key.sealedState),
      expires_at: key.expiresAt,
      previous_digest: isKept ? set.ref('key_digest') : null,
      previous_state: isKept ? set.ref('sealed_state') : null,
      previous_until: key.previousUntil,
    }))
    .where('id', '=', key.id)
    .execute()
}

export async function saveApiKeyUsed(writer: Writer, id: number, now: Instant): Promise<void> {
  await writer.updateTable('api_key').set({ last_used_at: now }).where('id', '=', id).execute()
}

/** What is told of a deleted key afterwards, the audit log tells. */
export async function forgetRevokedApiKeys(writer: Writer, before: Instant): Promise<void> {
  await writer.deleteFrom('api_key').where('revoked_at', '<', before).execute()
}

function bufferOf(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes)
}

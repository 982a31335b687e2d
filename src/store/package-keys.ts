import type { Instant } from '../base/clock.ts'
import type { Reader, Writer } from './open.ts'

export type StoredPackageKey = {
  /** The OpenPGP fingerprint, in hexadecimal. */
  readonly keyId: string
  /** PKCS#8 PEM, sealed with the instance secret. */
  readonly sealedPrivate: Uint8Array
  readonly createdAt: Instant
}

/** The newest one, which signs; null: none was needed so far. */
export async function loadPackageKey(reader: Reader): Promise<StoredPackageKey | null> {
  const row = await reader
    .selectFrom('package_key')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('key_id')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined) return null
  const { key_id, sealed_private, created_at } = row
  return { keyId: key_id, sealedPrivate: sealed_private, createdAt: created_at }
}

export async function savePackageKey(writer: Writer, key: StoredPackageKey): Promise<void> {
  await writer
    .insertInto('package_key')
    .values({
      key_id: key.keyId,
      sealed_private: Buffer.from(key.sealedPrivate),
      created_at: key.createdAt,
    })
    .execute()
}

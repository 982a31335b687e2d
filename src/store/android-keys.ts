import type { Instant } from '../base/clock.ts'
import type { Reader, Writer } from './open.ts'

export type StoredAndroidKey = {
  /** SHA-256 of the certificate. */
  readonly keyId: string
  /** PKCS#8 PEM, sealed with the instance secret. */
  readonly sealedPrivate: Uint8Array
  /** DER. */
  readonly certificate: Uint8Array
  readonly createdAt: Instant
}

/** The first one that was made, because devices know that one; null: none was needed so far. */
export async function loadAndroidKey(reader: Reader): Promise<StoredAndroidKey | null> {
  const row = await reader
    .selectFrom('android_key')
    .selectAll()
    .orderBy('created_at')
    .orderBy('key_id')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined) return null
  const { key_id, sealed_private, certificate, created_at } = row
  return { keyId: key_id, sealedPrivate: sealed_private, certificate, createdAt: created_at }
}

export async function saveAndroidKey(writer: Writer, key: StoredAndroidKey): Promise<void> {
  await writer
    .insertInto('android_key')
    .values({
      key_id: key.keyId,
      sealed_private: Buffer.from(key.sealedPrivate),
      certificate: Buffer.from(key.certificate),
      created_at: key.createdAt,
    })
    .execute()
}

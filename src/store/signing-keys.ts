import type { Reader, Writer } from './open.ts'

export type StoredSigningKey = {
  readonly keyId: string
  /** SPKI DER in base64. */
  readonly publicKey: string
  /** PKCS#8 DER, sealed with the instance secret. */
  readonly sealedPrivate: Uint8Array
}

/** Oldest first; the newest one signs, all of them are given to agents as trusted. */
export async function loadSigningKeys(reader: Reader): Promise<readonly StoredSigningKey[]> {
  const rows = await reader
    .selectFrom('signing_key')
    .selectAll()
    .orderBy('created_at')
    .orderBy('key_id')
    .execute()
  return rows.map((row) => ({
    keyId: row.key_id,
    publicKey: row.public_key,
    sealedPrivate: row.sealed_private,
  }))
}

export async function saveSigningKey(
  writer: Writer,
  key: StoredSigningKey,
  now: number,
): Promise<void> {
  await writer
    .insertInto('signing_key')
    .values({
      key_id: key.keyId,
      public_key: key.publicKey,
      sealed_private: Buffer.from(key.sealedPrivate),
      created_at: now,
    })
    .execute()
}

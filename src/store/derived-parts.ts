import type { Instant } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { StoredAsIs } from './artifacts.ts'
import type { Reader, Writer } from './open.ts'
import { storedDigest } from './releases.ts'

/** Null: it was never made. */
export async function loadDerivedPart(reader: Reader, key: Digest): Promise<StoredAsIs | null> {
  const row = await reader
    .selectFrom('derived_part')
    .select(['digest', 'size', 'notes'])
    .where('key', '=', key)
    .executeTakeFirst()
  return row === undefined ? null : { ...row, digest: storedDigest(row.digest) }
}

/**
 * It is made again only when the bytes of the one before were lost, and another compressor may pack
 * them otherwise: so the last is the one.
 */
export async function saveDerivedPart(
  writer: Writer,
  key: Digest,
  part: StoredAsIs,
  now: Instant,
): Promise<void> {
  await writer
    .insertInto('derived_part')
    .values({ key, ...part, created_at: now })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ ...part, created_at: now }))
    .execute()
}

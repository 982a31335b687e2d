import type { Instant } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { Reader, Writer } from './open.ts'

/** Sealed as it was saved; null: there is none. */
export async function loadPackageModel(reader: Reader, key: Digest): Promise<Uint8Array | null> {
  const row = await reader
    .selectFrom('package_model')
    .select('sealed')
    .where('key', '=', key)
    .executeTakeFirst()
  return row?.sealed ?? null
}

/** Whoever was first is the one: what packages were stored with never changes. */
export async function savePackageModel(
  writer: Writer,
  key: Digest,
  sealed: Uint8Array,
  now: Instant,
): Promise<void> {
  await writer
    .insertInto('package_model')
    .values({ key, sealed: Buffer.from(sealed), created_at: now })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute()
}

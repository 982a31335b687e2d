import type { Instant } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { AgentVersion } from '../base/version.ts'
import type { Reader, Writer } from './open.ts'
import { storedDigest } from './releases.ts'

export type StoredImage = {
  readonly version: AgentVersion
  /** Names everything that the image depends on. */
  readonly madeOf: Digest
  /** Of its index. */
  readonly digest: Digest
}

export type StoredImageBlob = {
  readonly digest: Digest
  readonly mediaType: string
  /** As `segmentsToText` writes them. */
  readonly segments: string
}

/** Repeatable: the blobs of images before this one stay. */
export async function saveImage(
  writer: Writer,
  image: StoredImage,
  blobs: readonly StoredImageBlob[],
  now: Instant,
): Promise<void> {
  const rows = blobs.map(({ digest, mediaType, segments }) => {
    return { digest, media_type: mediaType, segments, created_at: now }
  })
  await writer
    .insertInto('image_blob')
    .values(rows)
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute()
  const { version, madeOf, digest } = image
  await writer
    .insertInto('image')
    .values({ version, made_of: madeOf, digest, created_at: now })
    .onConflict((conflict) =>
      conflict.column('version').doUpdateSet({ made_of: madeOf, digest, created_at: now }),
    )
    .execute()
}

export async function loadImage(reader: Reader, version: string): Promise<StoredImage | null> {
  const row = await reader
    .selectFrom('image')
    .select(['version', 'made_of', 'digest'])
    .where('version', '=', version)
    .executeTakeFirst()
  if (row === undefined) return null
  return {
    version: row.version as AgentVersion, // Written by saveImage only.
    madeOf: storedDigest(row.made_of),
    digest: storedDigest(row.digest),
  }
}

export async function loadImageBlob(
  reader: Reader,
  digest: Digest,
): Promise<StoredImageBlob | null> {
  const row = await reader
    .selectFrom('image_blob')
    .select(['media_type', 'segments'])
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row === undefined ? null : { digest, mediaType: row.media_type, segments: row.segments }
}

/** The versions that have an image, in the order of their bytes, from behind `after`. */
export async function listImageVersions(
  reader: Reader,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await reader
    .selectFrom('image')
    .select('version')
    .where('version', '>', page.after)
    .orderBy('version')
    .limit(page.limit)
    .execute()
  return rows.map(({ version }) => version)
}

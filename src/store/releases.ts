import type { Expression, ExpressionBuilder, Selectable, SqlBool } from 'kysely'
import type { Instant } from '../base/clock.ts'
import { type Digest, isDigest } from '../base/digest.ts'
import { invariant } from '../base/invariant.ts'
import type { Arch, Libc, Platform, Target } from '../base/platform.ts'
import type { AgentVersion } from '../base/version.ts'
import { NO_FLOORS, type ReleaseFloors } from '../domain/release/floors.ts'
import type { PublishReleaseView } from '../domain/release/publish-release.ts'
import type { Release } from '../domain/release/release.ts'
import { saveEvents } from './events.ts'
import type { Reader, Writer } from './open.ts'
import type { ReleaseTable, Tables } from './tables.ts'

/** What the store keeps of an artifact beside its bytes. */
export type StoredArtifact = {
  readonly digest: Digest
  readonly size: number
  readonly md5: string
  readonly gzipDigest: Digest
  readonly gzipSize: number
}

export type StoredRelease = Release & {
  readonly notes: string | null
  readonly publishedBy: string
  readonly withdrawnBy: string | null
  /** As whoever withdrew it said. */
  readonly withdrawnReason: string | null
}

type ReleaseFilter = {
  readonly platform?: Platform | undefined
  readonly versions?: readonly AgentVersion[] | undefined
}

/** Withdrawn ones included, in no particular order. */
export async function loadReleases(
  reader: Reader,
  filter: ReleaseFilter,
): Promise<readonly StoredRelease[]> {
  let query = reader.selectFrom('release').select(RELEASE_COLUMNS)
  if (filter.platform !== undefined) query = query.where('platform', '=', filter.platform)
  if (filter.versions !== undefined) {
    if (filter.versions.length === 0) return []
    query = query.where('version', 'in', filter.versions)
  }
  return (await query.execute()).map(releaseOf)
}

/** All but the envelope, which is large. */
export const RELEASE_COLUMNS = [
  'manifest_digest',
  'version',
  'platform',
  'arch',
  'libc',
  'notes',
  'published_at',
  'published_by',
  'withdrawn_at',
  'withdrawn_by',
  'withdrawn_reason',
  'floors',
] as const satisfies readonly (keyof ReleaseTable)[]

/** What is branded here was checked before it was stored. */
export function releaseOf(
  row: Pick<Selectable<ReleaseTable>, (typeof RELEASE_COLUMNS)[number]>,
): StoredRelease {
  return {
    manifestDigest: storedDigest(row.manifest_digest),
    version: row.version as AgentVersion,
    target: storedTarget(row),
    notes: row.notes,
    publishedAt: row.published_at,
    publishedBy: row.published_by,
    withdrawnAt: row.withdrawn_at,
    withdrawnBy: row.withdrawn_by,
    withdrawnReason: row.withdrawn_reason,
    floors: row.floors === null ? NO_FLOORS : (row.floors as ReleaseFloors),
  }
}

/** Which releases are meant: all that is given must fit. */
export type ReleaseNamed = {
  readonly manifestDigest?: Digest | undefined
  readonly version?: AgentVersion | undefined
  readonly target: { readonly [Name in keyof Target]?: Target[Name] | undefined }
}

/** Nobody else changes them until this transaction ends. */
export async function lockReleases(
  writer: Writer,
  named: ReleaseNamed,
): Promise<readonly StoredRelease[]> {
  const columns = {
    manifest_digest: named.manifestDigest,
    version: named.version,
    ...named.target,
  }
  let query = writer.selectFrom('release').select(RELEASE_COLUMNS)
  for (const [column, value] of Object.entries(columns)) {
    if (value === undefined) continue
    query = query.where(column as keyof typeof columns, '=', value) // Its own key.
  }
  const rows = await query.orderBy('manifest_digest').forNoKeyUpdate().execute()
  return rows.map(releaseOf)
}

export async function saveReleasesWithdrawn(
  writer: Writer,
  releases: readonly StoredRelease[],
  now: Instant,
): Promise<void> {
  for (const release of releases) {
    const { manifestDigest, withdrawnAt, withdrawnBy, withdrawnReason } = release
    await writer
      .updateTable('release')
      .set({ withdrawn_at: withdrawnAt, withdrawn_by: withdrawnBy })
      .set({ withdrawn_reason: withdrawnReason })
      .where('manifest_digest', '=', manifestDigest)
      .execute()
  }
  const events = releases.map(({ manifestDigest, version, target }) => {
    return { type: 'release.withdrawn', manifestDigest, version, ...target } as const
  })
  await saveEvents(writer, now, events)
}

export async function saveReleaseFloors(writer: Writer, release: Release): Promise<void> {
  await writer
    .updateTable('release')
    .set({ floors: JSON.stringify(release.floors) })
    .where('manifest_digest', '=', release.manifestDigest)
    .execute()
}

/** The signed envelope as it was stored; undefined when there is no such release. */
export async function loadEnvelope(
  reader: Reader,
  manifestDigest: Digest,
): Promise<Uint8Array | undefined> {
  const row = await reader
    .selectFrom('release')
    .select('envelope')
    .where('manifest_digest', '=', manifestDigest)
    .executeTakeFirst()
  return row?.envelope
}

export async function loadArtifacts(
  reader: Reader,
  digests: readonly Digest[],
): Promise<ReadonlyMap<Digest, StoredArtifact>> {
  if (digests.length === 0) return new Map()
  const rows = await reader
    .selectFrom('artifact')
    .selectAll()
    .where('digest', 'in', [...new Set(digests)])
    .execute()
  const artifacts = rows.map((row) => ({
    digest: storedDigest(row.digest),
    size: row.size,
    md5: row.md5,
    gzipDigest: storedDigest(row.gzip_digest),
    gzipSize: row.gzip_size,
  }))
  return new Map(artifacts.map((artifact) => [artifact.digest, artifact]))
}

/** The size of a stored gzip member that some release is made of; undefined when none is. */
export async function loadPublishedMember(
  reader: Reader,
  gzipDigest: Digest,
): Promise<{ readonly size: number } | undefined> {
  const row = await reader
    .selectFrom('artifact')
    .innerJoin('release_artifact', 'release_artifact.artifact_digest', 'artifact.digest')
    .select('artifact.gzip_size')
    .where('artifact.gzip_digest', '=', gzipDigest)
    .executeTakeFirst()
  return row === undefined ? undefined : { size: row.gzip_size }
}

/** Storing it again says that it is wanted, as `saveArtifactsWanted` does. */
export async function saveArtifact(
  writer: Writer,
  artifact: StoredArtifact,
  now: Instant,
): Promise<void> {
  await writer
    .insertInto('artifact')
    .values({
      digest: artifact.digest,
      size: artifact.size,
      md5: artifact.md5,
      gzip_digest: artifact.gzipDigest,
      gzip_size: artifact.gzipSize,
      created_at: now,
    })
    .onConflict((conflict) => conflict.column('digest').doUpdateSet({ created_at: now }))
    .execute()
}

/** Somebody is about to publish a release of these: what is not in one yet is kept for longer. */
export async function saveArtifactsWanted(
  writer: Writer,
  digests: readonly Digest[],
  now: Instant,
): Promise<void> {
  if (digests.length === 0) return
  await writer
    .updateTable('artifact')
    .set({ created_at: now })
    .where('digest', 'in', digests)
    .where(isUnpublished)
    .execute()
}

/**
 * Forgets up to `limit` artifacts that no release is made of and that nobody wanted since; their
 * gzip members, whose bytes are to go next. Who publishes holds the rows of what he publishes.
 */
export async function deleteUnpublishedArtifacts(
  writer: Writer,
  wanted: { readonly before: Instant; readonly limit: number },
): Promise<readonly Digest[]> {
  const free = await writer
    .selectFrom('artifact')
    .select('digest')
    .where('created_at', '<', wanted.before)
    .where(isUnpublished)
    .limit(wanted.limit)
    .forUpdate()
    .skipLocked()
    .execute()
  if (free.length === 0) return []
  // Asked again, now that they are held: a release may have taken one in between.
  const gone = await writer
    .deleteFrom('artifact')
    .where(
      'digest',
      'in',
      free.map((row) => row.digest),
    )
    .where(isUnpublished)
    .returning('gzip_digest')
    .execute()
  return gone.map((row) => storedDigest(row.gzip_digest))
}

function isUnpublished(
  where: ExpressionBuilder<Pick<Tables, 'artifact' | 'release_artifact'>, 'artifact'>,
): Expression<SqlBool> {
  return where.not(
    where.exists(
      where
        .selectFrom('release_artifact')
        .select('release_artifact.manifest_digest')
        .whereRef('release_artifact.artifact_digest', '=', 'artifact.digest'),
    ),
  )
}

/** Whether a row refers to the stored bytes. */
export async function isMemberKnown(reader: Reader, stored: Digest): Promise<boolean> {
  const artifact = await reader
    .selectFrom('artifact')
    .select('digest')
    .where('gzip_digest', '=', stored)
    .executeTakeFirst()
  if (artifact !== undefined) return true
  const derived = await reader
    .selectFrom('derived_part')
    .select('key')
    .where('digest', '=', stored)
    .executeTakeFirst()
  return derived !== undefined
}

/** Nobody removes its artifacts until this transaction ends. */
export async function lockPublishReleaseView(
  writer: Writer,
  wanted: {
    readonly version: AgentVersion
    readonly target: Target
    readonly digests: readonly Digest[]
  },
): Promise<PublishReleaseView> {
  const { version, target } = wanted
  const [existing] = await lockReleases(writer, { version, target })
  const stored = await writer
    .selectFrom('artifact')
    .select('digest')
    .where('digest', 'in', wanted.digests)
    .forKeyShare()
    .execute()
  const storedArtifacts = new Set(stored.map((row) => storedDigest(row.digest)))
  return { existing: existing ?? null, storedArtifacts }
}

export async function saveRelease(
  writer: Writer,
  release: StoredRelease,
  content: { readonly envelope: Uint8Array; readonly artifacts: readonly Digest[] },
): Promise<void> {
  await writer
    .insertInto('release')
    .values({
      manifest_digest: release.manifestDigest,
      version: release.version,
      ...release.target,
      envelope: Buffer.from(content.envelope),
      notes: release.notes,
      published_at: release.publishedAt,
      published_by: release.publishedBy,
      withdrawn_at: release.withdrawnAt,
      withdrawn_by: release.withdrawnBy,
      withdrawn_reason: release.withdrawnReason,
      floors: JSON.stringify(release.floors),
    })
    .execute()
  const { manifestDigest } = release
  await writer
    .insertInto('release_artifact')
    .values(
      [...new Set(content.artifacts)].map((digest) => {
        return { manifest_digest: manifestDigest, artifact_digest: digest }
      }),
    )
    .execute()
  const { version, target, publishedAt } = release
  const published = { type: 'release.published', manifestDigest, version, ...target } as const
  await saveEvents(writer, publishedAt, [published])
}

export function storedDigest(text: string): Digest {
  invariant(isDigest(text), 'a stored digest is a SHA-256 in hexadecimal')
  return text
}

/** Values of these columns were checked before they were stored. */
export function storedTarget(row: {
  readonly platform: string
  readonly arch: string
  readonly libc: string
}): Target {
  const { platform, arch, libc } = row
  return { platform: platform as Platform, arch: arch as Arch, libc: libc as Libc }
}

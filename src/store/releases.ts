import { type Digest, isDigest } from '../base/digest.ts'
import { invariant } from '../base/invariant.ts'
import type { Arch, Libc, Platform, Target } from '../base/platform.ts'
import type { AgentVersion } from '../base/version.ts'
import type { PublishReleaseView } from '../domain/release/publish-release.ts'
import type { Release } from '../domain/release/release.ts'
import type { Reader, Writer } from './open.ts'

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
  let query = reader
    .selectFrom('release')
    .select(['manifest_digest', 'version', 'platform', 'arch', 'libc'])
    .select(['notes', 'published_at', 'published_by', 'withdrawn_at'])
  if (filter.platform !== undefined) query = query.where('platform', '=', filter.platform)
  if (filter.versions !== undefined) {
    if (filter.versions.length === 0) return []
    query = query.where('version', 'in', filter.versions)
  }
  const rows = await query.execute()
  return rows.map((row) => ({
    manifestDigest: storedDigest(row.manifest_digest),
    version: row.version as AgentVersion, // Checked before it was stored.
    target: storedTarget(row),
    notes: row.notes,
    publishedAt: row.published_at,
    publishedBy: row.published_by,
    withdrawnAt: row.withdrawn_at,
  }))
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

export async function saveArtifact(
  writer: Writer,
  artifact: StoredArtifact,
  now: number,
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
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute()
}

export async function loadPublishReleaseView(
  reader: Reader,
  wanted: {
    readonly version: AgentVersion
    readonly target: Target
    readonly digests: readonly Digest[]
  },
): Promise<PublishReleaseView> {
  const { version, target } = wanted
  const releases = await loadReleases(reader, { platform: target.platform, versions: [version] })
  const existing = releases.find(
    (release) => release.target.arch === target.arch && release.target.libc === target.libc,
  )
  const stored = await loadArtifacts(reader, wanted.digests)
  return { existing: existing ?? null, storedArtifacts: new Set(stored.keys()) }
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

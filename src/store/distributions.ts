import type { Instant } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { DistributionId } from '../base/ids.ts'
import type { Arch } from '../base/platform.ts'
import type {
  Distribution,
  DistributionOrder,
  DistributionState,
} from '../domain/distribution/distribution.ts'
import type { Reader, Writer } from './open.ts'
import { storedDigest } from './releases.ts'

export type StoredPackage = {
  readonly format: string
  readonly arch: Arch
  readonly fileName: string
  readonly size: number
  /** The segment list, sealed: its own bytes hold the enrolment token. */
  readonly sealedSegments: Uint8Array
  readonly segmentsDigest: string
  /** Of the package's bytes; null until somebody asked for it. */
  readonly sha256: Digest | null
}

export async function saveNewDistribution(
  writer: Writer,
  distribution: Distribution,
  tokenDigest: Digest,
): Promise<void> {
  const { order } = distribution
  await writer
    .insertInto('distribution')
    .values({
      id: distribution.id,
      name: order.name,
      kind: order.kind,
      platform: order.platform,
      version: order.version,
      order: JSON.stringify(order),
      state: distribution.state,
      reason: null,
      message: null,
      token_digest: tokenDigest,
      created_by: distribution.createdBy,
      created_at: distribution.createdAt,
      modified_at: distribution.createdAt,
    })
    .execute()
}

export async function loadDistribution(
  reader: Reader,
  id: DistributionId,
): Promise<Distribution | undefined> {
  const row = await reader
    .selectFrom('distribution')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    id,
    order: row.order as DistributionOrder, // Written by saveNewDistribution.
    state: row.state as DistributionState, // Written by this file only.
    reason: row.reason,
    message: row.message,
    createdAt: row.created_at,
    createdBy: row.created_by,
  }
}

/**
 * Whether a distribution with this token exists, and whether it still lets agents in; nobody
 * withdraws it until this transaction ends.
 */
export async function lockEnrolmentDistribution(
  writer: Writer,
  id: DistributionId,
  tokenDigest: Digest,
): Promise<{ readonly acceptsEnrolments: boolean } | null> {
  const row = await writer
    .selectFrom('distribution')
    .select('state')
    .where('id', '=', id)
    .where('token_digest', '=', tokenDigest)
    .forShare()
    .executeTakeFirst()
  return row === undefined ? null : { acceptsEnrolments: row.state !== 'withdrawn' }
}

/** Moves a distribution that is being built; one that was withdrawn meanwhile stays withdrawn. */
export async function saveBuildState(
  writer: Writer,
  id: DistributionId,
  change: {
    readonly state: Extract<DistributionState, 'building' | 'ready' | 'failed'>
    readonly reason: string | null
    readonly message: string | null
  },
  now: Instant,
): Promise<void> {
  await writer
    .updateTable('distribution')
    .set({ ...change, modified_at: now })
    .where('id', '=', id)
    .where('state', 'in', ['requested', 'building'])
    .execute()
}

/** Repeatable: building again gives the same packages. */
export async function savePackages(
  writer: Writer,
  id: DistributionId,
  packages: readonly StoredPackage[],
): Promise<void> {
  if (packages.length === 0) return
  const rows = packages.map((built) => ({
    distribution_id: id,
    format: built.format,
    arch: built.arch,
    file_name: built.fileName,
    size: built.size,
    sealed_segments: Buffer.from(built.sealedSegments),
    segments_digest: built.segmentsDigest,
    sha256: built.sha256,
  }))
  await writer
    .insertInto('package')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['distribution_id', 'format', 'arch']).doUpdateSet((row) => ({
        file_name: row.ref('excluded.file_name'),
        size: row.ref('excluded.size'),
        sealed_segments: row.ref('excluded.sealed_segments'),
        segments_digest: row.ref('excluded.segments_digest'),
        sha256: row.ref('excluded.sha256'),
      })),
    )
    .execute()
}

export async function loadPackages(
  reader: Reader,
  id: DistributionId,
): Promise<readonly StoredPackage[]> {
  const rows = await reader
    .selectFrom('package')
    .selectAll()
    .where('distribution_id', '=', id)
    .orderBy('format')
    .orderBy('arch')
    .execute()
  return rows.map((row) => ({
    format: row.format,
    arch: row.arch as Arch, // Written by savePackages only.
    fileName: row.file_name,
    size: row.size,
    sealedSegments: row.sealed_segments,
    segmentsDigest: row.segments_digest,
    sha256: row.sha256 === null ? null : storedDigest(row.sha256),
  }))
}

/** Notes the SHA-256 of a package's bytes, if they are still those it was computed of. */
export async function savePackageSha256(
  writer: Writer,
  id: DistributionId,
  built: StoredPackage,
  sha256: Digest,
): Promise<void> {
  await writer
    .updateTable('package')
    .set({ sha256 })
    .where('distribution_id', '=', id)
    .where('format', '=', built.format)
    .where('arch', '=', built.arch)
    .where('segments_digest', '=', built.segmentsDigest)
    .execute()
}

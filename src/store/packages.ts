import type { Digest } from '../base/digest.ts'
import type { DistributionId } from '../base/ids.ts'
import type { Arch } from '../base/platform.ts'
import type { Reader, Writer } from './open.ts'
import { storedDigest } from './releases.ts'

export type StoredPackage = {
  readonly format: string
  readonly arch: Arch
  readonly fileName: string
  readonly size: number
  /** The segment list, sealed: its own bytes hold the enrolment token. */
  readonly sealedSegments: Uint8Array
  /** What it was compressed with; null for one that is older than models. */
  readonly modelKey: Digest | null
  readonly segmentsDigest: string
  /** Of the package's bytes; null until somebody asked for it. */
  readonly sha256: Digest | null
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
    model_key: built.modelKey,
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
        model_key: row.ref('excluded.model_key'),
        segments_digest: row.ref('excluded.segments_digest'),
        sha256: row.ref('excluded.sha256'),
      })),
    )
    .execute()
}

/** Their bytes are not there any more: a link to them leads nowhere. */
export async function deletePackages(writer: Writer, id: DistributionId): Promise<void> {
  await writer.deleteFrom('package').where('distribution_id', '=', id).execute()
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
    modelKey: row.model_key === null ? null : storedDigest(row.model_key),
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

/** What is true on disk about an attempt: the facts that `nextStep` decides on. Reads only. */
import { join } from 'node:path'
import type { TrustedKey } from '../../trust/keys.ts'
import { type Layout, MANIFEST_FILE, versionFolder } from '../layout.ts'
import { readIfThere, sizeIfThere } from '../machine/files.ts'
import { type VerifiedManifest, verifyManifest } from '../manifest.ts'
import { ENVELOPE_BYTES_MAX, isInStore } from '../version-directory.ts'
import { checkManifest, type Fit } from './check-manifest.ts'
import type { Attempt } from './journal.ts'
import type { DiskFacts, MissingFile } from './next-step.ts'

export type Held = {
  readonly verified: VerifiedManifest
  readonly envelope: Uint8Array
  readonly isStaged: boolean
}

export function partialManifest(layout: Layout, digest: string): string {
  return join(layout.partial, `${digest}.manifest`)
}

export function partialArtifact(layout: Layout, gzipDigest: string): string {
  return join(layout.partial, `${gzipDigest}.part`)
}

/**
 * The attempt's verified manifest: of the version directory when that is built, else of the partial
 * folder.
 */
export function heldManifest(
  layout: Layout,
  digest: string,
  trustedKeys: readonly TrustedKey[],
): Held | null {
  const places = [
    { path: join(versionFolder(layout, digest), MANIFEST_FILE), isStaged: true },
    { path: partialManifest(layout, digest), isStaged: false },
  ]
  for (const { path, isStaged } of places) {
    const envelope = readIfThere(path, ENVELOPE_BYTES_MAX)
    const verified = envelope === null ? null : verifyManifest(envelope, trustedKeys)
    if (envelope !== null && verified?.ok && verified.value.digest === digest) {
      return { verified: verified.value, envelope, isStaged }
    }
  }
  return null
}

export function observe(layout: Layout, attempt: Attempt, held: Held | null, fit: Fit): DiskFacts {
  if (held === null) return { hasManifest: false, misfit: null, missing: [], isStaged: false }
  const { manifest } = held.verified
  return {
    hasManifest: true,
    misfit: checkManifest(manifest, { ...fit, version: attempt.version }),
    missing: held.isStaged ? [] : missingFiles(layout, held.verified),
    isStaged: held.isStaged,
  }
}

export function missingFiles(layout: Layout, { manifest }: VerifiedManifest): MissingFile[] {
  const seen = new Set<string>()
  const missing: MissingFile[] = []
  for (const file of manifest.files) {
    if (seen.has(file.digest) || isInStore(layout, file)) continue
    seen.add(file.digest)
    const fetched = sizeIfThere(partialArtifact(layout, file.gzip_digest))
    missing.push({ file, isFetched: fetched === file.gzip_size })
  }
  return missing
}

/** Compressed bytes of the missing files, and how many of them are here. */
export function downloadBytes(
  layout: Layout,
  missing: readonly MissingFile[],
): { readonly total: number; readonly here: number } {
  let total = 0
  let here = 0
  for (const { file } of missing) {
    total += file.gzip_size
    const fetched = sizeIfThere(partialArtifact(layout, file.gzip_digest)) ?? 0
    here += Math.min(fetched, file.gzip_size)
  }
  return { total, here }
}

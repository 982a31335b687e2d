/**
 * Removes what no version needs any more: version directories but the ones kept, store files that
 * none of those names, leftovers of downloads that nobody takes up. Writes nothing when there is
 * nothing to remove. Safe to repeat, and to be cut short anywhere: directories go first, and what
 * they alone needed is found unneeded the next time.
 */
import { basename, join } from 'node:path'
import type { TrustedKey } from '../../trust/keys.ts'
import type { SlotsMessage } from '../launcher/control.ts'
import { type Layout, versionFolder } from '../layout.ts'
import { namesIn, removeTreeIfFree } from '../machine/files.ts'
import type { VerifiedManifest } from '../manifest.ts'
import { readManifest } from '../version-directory.ts'
import { heldManifest, partialArtifact, partialManifest } from './observe.ts'

/**
 * Returns what was removed, for the log. `next` is a manifest digest: what is here of that version,
 * down to half a download, is left for an attempt at it. Only called between the steps of attempts.
 */
export function clean(
  layout: Layout,
  slots: SlotsMessage,
  trustedKeys: readonly TrustedKey[],
  next: string | null,
): readonly string[] {
  const kept = [slots.active, ...(slots.backup === null ? [] : [slots.backup]), ...slots.kept]
  const digests = new Set(kept.map((slot) => slot.manifest_digest))
  const held = next === null ? null : heldManifest(layout, next, trustedKeys)
  if (held?.isStaged) digests.add(held.verified.digest)
  const removed = removeOthers(layout.versions, digests)
  const needed = new Set<string>()
  for (const digest of digests) {
    const read = readManifest(versionFolder(layout, digest), trustedKeys)
    // A version that cannot be read may be mended from the store: then nothing of the store is let
    // go.
    if (!read.ok) return removed
    for (const file of read.value.manifest.files) needed.add(file.digest)
  }
  const begun = held === null || held.isStaged ? null : held.verified
  for (const file of begun?.manifest.files ?? []) needed.add(file.digest)
  return [
    ...removed,
    ...removeOthers(layout.store, needed),
    ...removeOthers(layout.partial, begun === null ? new Set() : partialNames(layout, begun)),
  ]
}

function partialNames(layout: Layout, { digest, manifest }: VerifiedManifest): Set<string> {
  const files = manifest.files.map((file) => partialArtifact(layout, file.gzip_digest))
  return new Set([partialManifest(layout, digest), ...files].map((path) => basename(path)))
}

function removeOthers(folder: string, kept: ReadonlySet<string>): string[] {
  const others = namesIn(folder).filter((name) => !kept.has(name))
  // What is still in use, as a program of Windows that runs, goes with a later cleaning.
  return others.filter((name) => removeTreeIfFree(join(folder, name)))
}

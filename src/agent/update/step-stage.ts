/**
 * Builds the version directory out of the store.
 *
 * Before: every file of the manifest is in the store, each verified when it came. After:
 * `versions/<manifest digest>` is whole and bears its final name; nothing runs it yet. Safe to
 * repeat because: it is built under a partial name that is begun anew each time, and renamed last.
 * The launcher verifies it again, byte by byte, before it switches.
 */
import type { Layout } from '../layout.ts'
import { makeFolder, removeTree } from '../machine/files.ts'
import { buildVersion } from '../version-directory.ts'
import { type Held, partialManifest } from './observe.ts'

export function stageVersion(layout: Layout, held: Held): void {
  makeFolder(layout.versions)
  buildVersion(layout, held.verified, held.envelope)
  removeTree(partialManifest(layout, held.verified.digest))
}

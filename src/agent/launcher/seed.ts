/**
 * The seed: the version that the package brought, in the program folder. It is taken into the
 * agent's own store like any other version, verified byte by byte, and never run from where the
 * package put it.
 */
import { join } from 'node:path'
import type { Result } from '../../base/result.ts'
import { refuse } from '../../base/result.ts'
import type { ManifestFile } from '../../contract/manifest.ts'
import type { TrustedKey } from '../../trust/keys.ts'
import { type Layout, MANIFEST_FILE } from '../layout.ts'
import {
  copyFile,
  makeFolder,
  readIfThere,
  removeTree,
  renameDurably,
  setMode,
  syncFile,
} from '../machine/files.ts'
import type { VerifiedManifest } from '../manifest.ts'
import {
  buildVersion,
  type DirectoryRefusal,
  ENVELOPE_BYTES_MAX,
  isFile,
  isInStore,
  modeOf,
  verifyVersion,
} from '../version-directory.ts'
import type { Slot } from './control.ts'

export function slotOf(verified: VerifiedManifest): Slot {
  return { manifest_digest: verified.digest, version: verified.manifest.version }
}

/** Verifies the whole seed and builds `versions/<digest>` from it. Safe to repeat at any point. */
export async function importSeed(
  layout: Layout,
  seed: VerifiedManifest,
  trustedKeys: readonly TrustedKey[],
): Promise<Result<VerifiedManifest, DirectoryRefusal>> {
  const expected = { digest: seed.digest, depth: 'whole' } as const
  const verified = await verifyVersion(layout.seed, expected, trustedKeys)
  if (!verified.ok) return verified
  makeFolder(layout.store)
  makeFolder(layout.versions)
  for (const file of seed.manifest.files) {
    const taken = await takeIntoStore(layout, file)
    if (!taken) return refuse({ code: 'damaged-file', path: file.path })
  }
  const envelope = readIfThere(join(layout.seed, MANIFEST_FILE), ENVELOPE_BYTES_MAX)
  if (envelope === null) return refuse({ code: 'no-manifest' })
  buildVersion(layout, seed, envelope)
  return verified
}

/** A copy, not a link: what an installer later does to its own file must not reach the store. */
async function takeIntoStore(layout: Layout, file: ManifestFile): Promise<boolean> {
  const stored = join(layout.store, file.digest)
  if (isInStore(layout, file) && (await isFile(stored, file))) return true
  const temporary = `${stored}.new`
  removeTree(temporary)
  copyFile(join(layout.seed, file.path), temporary)
  if (!(await isFile(temporary, file))) {
    removeTree(temporary)
    return false
  }
  setMode(temporary, modeOf(file))
  syncFile(temporary)
  renameDurably(temporary, stored)
  return true
}

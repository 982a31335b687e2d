/**
 * A version directory: `manifest.json` (the signed envelope) and the files it names. It is whole
 * when the envelope verifies, its digest is the directory's name, and every file named has the
 * digest and size signed for it. Directories are built beside their final name and renamed, so one
 * that bears its name was whole once; it is verified again before it is switched to, and what will
 * run is verified before every start.
 */
import { dirname, join } from 'node:path'
import type { Digest } from '../base/digest.ts'
import { type Result, refuse } from '../base/result.ts'
import { AGENT_ENTRY, MANIFEST_BYTES_MAX, type ManifestFile } from '../contract/manifest.ts'
import type { TrustedKey } from '../trust/keys.ts'
import { type Layout, MANIFEST_FILE, versionFolder } from './layout.ts'
import { FILE_RULES } from './machine/file-rules.ts'
import {
  copyFile,
  digestOfFile,
  folderExists,
  isExecutable,
  linkFile,
  makeFolder,
  readIfThere,
  removeTree,
  renameDurably,
  setMode,
  sizeIfThere,
  syncFolder,
  writeDurably,
} from './machine/files.ts'
import {
  type ManifestRefusal,
  payloadProgram,
  type VerifiedManifest,
  verifyManifest,
} from './manifest.ts'

export type DirectoryRefusal =
  | { readonly code: 'no-manifest' }
  | ManifestRefusal
  | { readonly code: 'wrong-manifest'; readonly digest: Digest }
  | { readonly code: 'damaged-file'; readonly path: string }

/** An envelope is base64 of the manifest and a little more. */
export const ENVELOPE_BYTES_MAX = MANIFEST_BYTES_MAX * 2

/** The verified manifest of a folder, whatever the folder is called. */
export function readManifest(
  folder: string,
  trustedKeys: readonly TrustedKey[],
): Result<VerifiedManifest, DirectoryRefusal> {
  const envelope = readIfThere(join(folder, MANIFEST_FILE), ENVELOPE_BYTES_MAX)
  if (envelope === null) return refuse({ code: 'no-manifest' })
  return verifyManifest(envelope, trustedKeys)
}

/**
 * Verifies the directory of one version: `whole` reads every file; `start` reads what will be
 * started, the agent and the payload's program, and looks that nothing else is missing or has
 * another size.
 */
export async function verifyVersion(
  folder: string,
  expected: { readonly digest: Digest | string; readonly depth: 'whole' | 'start' },
  trustedKeys: readonly TrustedKey[],
): Promise<Result<VerifiedManifest, DirectoryRefusal>> {
  const read = readManifest(folder, trustedKeys)
  if (!read.ok) return read
  const { manifest, digest } = read.value
  if (digest !== expected.digest) return refuse({ code: 'wrong-manifest', digest })
  const started = [AGENT_ENTRY, payloadProgram(manifest)]
  for (const file of manifest.files) {
    const path = join(folder, file.path)
    const intact =
      expected.depth === 'whole' || started.includes(file.path)
        ? await isFile(path, file)
        : sizeIfThere(path) === file.size
    if (!intact || (file.executable && !isExecutable(path))) {
      return refuse({ code: 'damaged-file', path: file.path })
    }
  }
  return read
}

/** Whether a file holds exactly the bytes that were signed for it. */
export async function isFile(
  path: string,
  expected: { readonly digest: string; readonly size: number },
): Promise<boolean> {
  if (sizeIfThere(path) !== expected.size) return false
  const found = await digestOfFile(path)
  return found?.digest === expected.digest
}

export function isInStore(layout: Layout, file: { digest: string; size: number }): boolean {
  return sizeIfThere(join(layout.store, file.digest)) === file.size
}

/**
 * Builds `versions/<digest>` out of the store under a partial name and gives it its final one.
 * Everything named must be in the store. Safe to repeat: a partial directory is begun anew and a
 * finished one replaced.
 */
export function buildVersion(
  layout: Layout,
  verified: VerifiedManifest,
  envelope: Uint8Array,
): void {
  const final = versionFolder(layout, verified.digest)
  const partial = `${final}.partial`
  removeTree(partial)
  makeFolder(partial)
  const folders = new Set<string>([partial])
  for (const file of verified.manifest.files) {
    const path = join(partial, file.path)
    makeFolder(dirname(path))
    folders.add(dirname(path))
    placeFile(join(layout.store, file.digest), path, file)
  }
  writeDurably(join(partial, MANIFEST_FILE), envelope, 0o400)
  for (const folder of folders) syncFolder(folder)
  if (folderExists(final)) removeTree(final)
  renameDurably(partial, final)
}

/**
 * A link where the store's file has the right mode, a copy where another version wants another one.
 */
function placeFile(stored: string, path: string, file: ManifestFile): void {
  if (fitsMode(stored, file)) {
    linkFile(stored, path)
    return
  }
  copyFile(stored, path)
  setMode(path, modeOf(file))
}

/** Where files have no modes, any of them fits. */
function fitsMode(stored: string, file: ManifestFile): boolean {
  return !FILE_RULES.hasModes || isExecutable(stored) === file.executable
}

export function modeOf(file: { readonly executable: boolean }): number {
  return file.executable ? 0o500 : 0o400
}

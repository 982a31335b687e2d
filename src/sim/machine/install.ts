import { dirname, join } from 'node:path'
import { type Layout, layoutOf, MANIFEST_FILE, programFolder } from '../../agent/layout.ts'
import { makeFolder, removeTree, writeDurably } from '../../agent/machine/files.ts'
import { utf8 } from '../../base/bytes.ts'
import type { Installation } from '../../contract/agent/installation.ts'
import type { VersionFile } from '../bad-versions.ts'

/** Of a machine whose disk is mounted at `root`. */
export function layoutAt(root: string): Layout {
  return layoutOf(root, programFolder(root, 'linux'), 'linux')
}

export type Package = {
  readonly seed: { readonly envelope: Uint8Array; readonly files: readonly VersionFile[] }
  readonly installation: Installation
}

/** What a package's installer puts into the program folder; a seed that is there is replaced. */
export function install(root: string, { seed, installation }: Package): void {
  const layout = layoutAt(root)
  removeTree(layout.seed)
  makeFolder(layout.seed)
  makeFolder(layout.state)
  writeDurably(join(layout.seed, MANIFEST_FILE), seed.envelope, 0o644)
  for (const { path, bytes, executable } of seed.files) {
    const file = join(layout.seed, path)
    makeFolder(dirname(file))
    writeDurably(file, bytes, executable ? 0o755 : 0o644)
  }
  writeDurably(layout.enrolment, utf8(JSON.stringify(installation)), 0o600)
}

/**
 * The launcher found a staged version damaged: it is built anew, from store files that are what
 * they say.
 */
import { join } from 'node:path'
import { type Layout, versionFolder } from '../layout.ts'
import { removeTree } from '../machine/files.ts'
import { isFile } from '../version-directory.ts'
import type { Held } from './observe.ts'

export async function discardDamaged(layout: Layout, { verified }: Held): Promise<void> {
  removeTree(versionFolder(layout, verified.digest))
  for (const file of verified.manifest.files) {
    const stored = join(layout.store, file.digest)
    if (!(await isFile(stored, file))) removeTree(stored)
  }
}

import { execFile } from 'node:child_process'
import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export type SmallDisk = AsyncDisposable & {
  readonly path: string
  resize(bytes: number): Promise<void>
}

/** A disk of so many bytes, in memory; null where this process may not mount one. */
export async function mountSmallDisk(bytes: number): Promise<SmallDisk | null> {
  const path = await mkdtemp(join(tmpdir(), 'drydock-disk-'))
  const mount = (options: string) =>
    promisify(execFile)('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path])
  try {
    await mount(`size=${bytes}`)
  } catch {
    // Best effort: without the right to mount, the caller skips its test and says so.
    await rmdir(path)
    return null
  }
  return {
    path,
    async resize(newBytes) {
      await mount(`remount,size=${newBytes}`)
    },
    async [Symbol.asyncDispose]() {
      await promisify(execFile)('umount', [path])
      await rmdir(path)
    },
  }
}

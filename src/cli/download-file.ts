/**
 * A package on its way to a file. The bytes are collected under a name of their own beside the
 * file, with the digest in it, and get the final name only when their digest is right; a run that
 * was interrupted is taken up by the next one. Packages hold an enrolment token, so the file is for
 * its owner alone.
 */
import { createHash, type Hash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Fault } from '../base/fault.ts'
import { accept, type Result } from '../base/result.ts'
import type { Client } from '../client/client.ts'
import type { Io } from './io.ts'
import { type Failure, refuseFailed } from './outcome.ts'
import { startProgress } from './progress.ts'

export type PackageFile = {
  readonly url: string
  readonly file_name: string
  readonly size: number
  readonly sha256: string
}

/** As `--download TYPE[=PATH]` says it: a file, a folder, or nothing for this folder. */
export async function choosePath(wanted: string | undefined, file: PackageFile): Promise<string> {
  // The server chose the name: only its last part is taken, and only if it is a plain one.
  const name = /^[\w][\w.+~-]{0,200}$/.test(basename(file.file_name))
    ? basename(file.file_name)
    : `package-${file.sha256.slice(0, 12)}`
  if (wanted === undefined) return name
  const stats = await stat(wanted).catch((error) => {
    if (isMissing(error)) return null
    throw error
  })
  return stats?.isDirectory() === true || wanted.endsWith('/') ? join(wanted, name) : wanted
}

export async function downloadFile(
  needs: { readonly io: Io; readonly client: Client },
  file: PackageFile,
  path: string,
): Promise<Result<string, Failure>> {
  const part = `${path}.${file.sha256.slice(0, 12)}.part`
  // A part that was damaged meanwhile is noticed by its digest; then everything is fetched anew.
  for (const attempt of ['resume', 'anew'] as const) {
    if (attempt === 'anew') await rm(part, { force: true })
    const offset = await sizeOf(part)
    try {
      if ((await fetchInto(needs, file, part)) === file.sha256) {
        await moveIntoPlace(part, path)
        return accept(path)
      }
    } catch (error) {
      const isChanged = error instanceof Fault && error.code === 'download-changed'
      if (!isChanged || offset === 0) throw error
    }
    if (offset === 0) break
  }
  await rm(part, { force: true })
  return refuseFailed(
    `the bytes that came are not the package: their digest is not ${file.sha256}`,
    'Nothing was kept. Something between here and the server changes what it carries.',
  )
}

/** Adds what is missing, and gives the digest of the whole. */
async function fetchInto(
  needs: { readonly io: Io; readonly client: Client },
  file: PackageFile,
  part: string,
): Promise<string> {
  const { io, client } = needs
  await using handle = await openPart(part)
  if ((await handle.stat()).size > file.size) await handle.truncate(0)
  const hash = createHash('sha256')
  const offset = await hashWhatIsThere(part, hash)
  using progress = startProgress({ output: io.stderr, clock: io.clock }, 'Downloading', file.size)
  let at = offset
  progress.moveTo(at)
  for await (const chunk of client.download({ url: file.url, size: file.size, offset })) {
    await writeAll(handle, chunk, part)
    hash.update(chunk)
    at += chunk.length
    progress.moveTo(at)
  }
  await handle.sync()
  return hash.digest('hex')
}

/** Follows no link: in a folder that others may write to, the name could lead anywhere. */
async function openPart(part: string): Promise<FileHandle> {
  const { O_RDWR, O_CREAT, O_APPEND } = constants
  // Windows has no such flag and no such links.
  const noFollow = constants.O_NOFOLLOW ?? 0
  return open(part, O_RDWR | O_CREAT | O_APPEND | noFollow, 0o600)
}

async function hashWhatIsThere(part: string, hash: Hash): Promise<number> {
  let size = 0
  for await (const chunk of createReadStream(part)) {
    hash.update(chunk)
    size += chunk.length
  }
  return size
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, part: string): Promise<void> {
  try {
    for (let at = 0; at < chunk.length; ) {
      at += (await handle.write(chunk, at)).bytesWritten
    }
  } catch (cause) {
    const doing = `writing ${part} (what is there is used by the next run)`
    throw new Fault({ code: 'download-not-written', doing, retry: 'never', cause })
  }
}

async function moveIntoPlace(part: string, path: string): Promise<void> {
  await rename(part, path)
  // The new name is only safe once its folder is; Windows cannot open folders.
  if (process.platform === 'win32') return
  await using folder = await open(dirname(path), 'r')
  await folder.sync()
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

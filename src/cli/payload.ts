/**
 * An operator's folder as the files of a release. A release knows regular files only, so symbolic
 * links are followed and become what they point to, as long as that is inside the folder; whatever
 * cannot be carried is a flaw, and all flaws are told together, before anything is sent.
 */
import type { Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { accept, type Result } from '../base/result.ts'
import { MANIFEST_FILES_MAX, PAYLOAD_FOLDER, relativePath } from '../contract/manifest.ts'
import { ARTIFACT_BYTES_MAX } from '../contract/schema.ts'
import { isReadable } from './is-readable.ts'
import { type Failure, refuseUsage } from './outcome.ts'
import { counted } from './print.ts'

export type SourceFile = {
  /** In the version directory: `payload/bin/x`. */
  readonly path: string
  /** Where its bytes are now. */
  readonly source: string
  readonly size: number
  readonly executable: boolean
}

export type Payload = {
  readonly files: readonly SourceFile[]
  /** Releases have no folders of their own: these are left out. */
  readonly emptyFolders: readonly string[]
}

const FLAWS_SHOWN_MAX = 20

export async function findPayload(folder: string): Promise<Result<Payload, Failure>> {
  const root = await realpathOr(folder, null)
  if (root === null || !(await stat(root)).isDirectory()) {
    return refuseUsage(`--payload names no folder: ${folder}.`)
  }
  const walk = new Walk(root)
  await walk.visit(root, '', [root])
  const flaws = [...walk.flaws, ...flawsOfNames(walk.files)]
  if (walk.files.length === 0 && flaws.length === 0) flaws.push('there is no file in it')
  if (flaws.length > 0) {
    const more = flaws.length - FLAWS_SHOWN_MAX
    return refuseUsage(
      `The payload ${folder} cannot be published.`,
      ...flaws.slice(0, FLAWS_SHOWN_MAX),
      ...(more > 0 ? [`and ${more} more`] : []),
    )
  }
  return accept({ files: walk.files, emptyFolders: walk.emptyFolders })
}

class Walk {
  readonly files: SourceFile[] = []
  readonly emptyFolders: string[] = []
  readonly flaws: string[] = []
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  /** `above` are the real folders on the way here: one of them again would be a loop. */
  async visit(folder: string, prefix: string, above: readonly string[]): Promise<void> {
    const names = (await readdir(folder)).toSorted()
    if (names.length === 0 && prefix !== '') this.emptyFolders.push(prefix)
    for (const name of names) {
      if (this.files.length > MANIFEST_FILES_MAX) return
      await this.#visitEntry(join(folder, name), prefix === '' ? name : `${prefix}/${name}`, above)
    }
  }

  async #visitEntry(source: string, path: string, above: readonly string[]): Promise<void> {
    const real = await realpathOr(source, null)
    if (real === null) return this.#flaw(path, 'a symbolic link to nothing')
    if (real !== this.#root && !real.startsWith(this.#root + sep)) {
      return this.#flaw(path, `a symbolic link that leads out of the folder, to ${real}`)
    }
    const stats = await stat(real)
    if (stats.isDirectory()) {
      if (above.includes(real)) return this.#flaw(path, 'a symbolic link to a folder above it')
      return this.visit(real, path, [...above, real])
    }
    const flaw = await flawOfFile(path, real, stats)
    if (flaw !== null) return this.#flaw(path, flaw)
    const executable = (stats.mode & 0o111) !== 0
    this.files.push({
      path: `${PAYLOAD_FOLDER}/${path}`,
      source: real,
      size: stats.size,
      executable,
    })
  }

  #flaw(path: string, what: string): void {
    this.flaws.push(`${path}: ${what}`)
  }
}

async function flawOfFile(path: string, source: string, stats: Stats): Promise<string | null> {
  if (stats.isSocket()) return 'a socket'
  if (stats.isFIFO()) return 'a named pipe'
  if (!stats.isFile()) return 'a device'
  if (stats.size > ARTIFACT_BYTES_MAX) return `larger than ${ARTIFACT_BYTES_MAX} bytes`
  const named = relativePath.safeParse(`${PAYLOAD_FOLDER}/${path}`)
  if (!named.success || path.includes('\ufffd')) {
    return 'a name that does not mean the same everywhere (200 characters at most, no "\\", no ":")'
  }
  return (await isReadable(source)) ? null : 'not readable'
}

function flawsOfNames(files: readonly SourceFile[]): string[] {
  const flaws: string[] = []
  if (files.length > MANIFEST_FILES_MAX) {
    flaws.push(`there are more than ${counted(MANIFEST_FILES_MAX, 'file')}`)
  }
  const seen = new Map<string, string>()
  for (const { path } of files) {
    const other = seen.get(path.toLowerCase())
    if (other !== undefined) flaws.push(`${path} and ${other}: the same on some disks`)
    seen.set(path.toLowerCase(), path)
  }
  return flaws
}

async function realpathOr<Otherwise>(path: string, otherwise: Otherwise) {
  try {
    return await realpath(path)
  } catch {
    // Best effort: what has no real path is not there, and the caller says so.
    return otherwise
  }
}

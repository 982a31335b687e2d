import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { type Digest, isDigest } from '../base/digest.ts'
import { invariant } from '../base/invariant.ts'
import { folderFault } from './folder.ts'

/** A file that is written from its beginning to its end, and known by its digest then. */
export class HashedFile {
  readonly #file: FileHandle
  readonly #path: string
  readonly #sha256 = createHash('sha256')
  #size = 0

  constructor(file: FileHandle, path: string) {
    this.#file = file
    this.#path = path
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#sha256.update(bytes)
    this.#size += bytes.length
    try {
      await this.#file.writeFile(bytes)
    } catch (cause) {
      throw writeFault(this.#path, cause)
    }
  }

  /** Flushes it. */
  async finish(): Promise<{ readonly digest: Digest; readonly size: number }> {
    try {
      await this.#file.sync()
    } catch (cause) {
      throw writeFault(this.#path, cause)
    }
    return { digest: digestFrom(this.#sha256), size: this.#size }
  }
}

export async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (cause) {
    throw writeFault(path, cause)
  }
}

function writeFault(path: string, cause: unknown): unknown {
  return folderFault({ code: 'artifact-not-stored', doing: `writing ${path}`, cause })
}

export function digestFrom(hash: ReturnType<typeof createHash>): Digest {
  const digest = hash.digest('hex')
  invariant(isDigest(digest), 'a SHA-256 in hexadecimal is a digest')
  return digest
}

/**
 * A log file for where no service manager collects what is said: it grows to its bound, then takes
 * the place of the one before, so that both together never hold more than twice the bound.
 */
import { renameSync } from 'node:fs'
import { FILE_RULES, patiently } from './file-rules.ts'
import { type AppendedFile, appendTo, removeTree, sizeIfThere } from './files.ts'

/** Weeks of a quiet agent, and what a support person still opens in an editor. */
export const LOG_BYTES_MAX = 4 * 1024 * 1024

export class BoundedLog {
  readonly #path: string
  readonly #bytesMax: number
  #file: AppendedFile | null = null
  #size = 0

  constructor(path: string, bytesMax = LOG_BYTES_MAX) {
    this.#path = path
    this.#bytesMax = bytesMax
  }

  /** Never fails: a log that cannot be written stops nobody's work. */
  write(bytes: Uint8Array): void {
    try {
      const file = this.#fileFor(bytes.length)
      file.write(bytes)
      this.#size += bytes.length
    } catch {
      // Best effort: see above; a full disk has room again one day, and the next line tries.
      this.#close()
    }
  }

  #fileFor(length: number): AppendedFile {
    if (this.#file !== null && this.#size + length > this.#bytesMax) this.#turnOver()
    if (this.#file === null) {
      this.#size = sizeIfThere(this.#path) ?? 0
      this.#file = appendTo(this.#path)
    }
    return this.#file
  }

  #turnOver(): void {
    this.#close()
    const before = `${this.#path}.1`
    try {
      removeTree(before)
      patiently(FILE_RULES, () => renameSync(this.#path, before))
    } catch {
      // Best effort: somebody has one of them open; better no old lines than no bound.
      removeTree(this.#path)
    }
  }

  #close(): void {
    this.#file?.close()
    this.#file = null
  }
}

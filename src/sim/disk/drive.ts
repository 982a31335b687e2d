/**
 * The disk of one machine, with what goes wrong on it: full (`tree.capacity`), failing now and
 * then, slow, and gone in the middle of an operation because the power is.
 */
import type { Chance } from '../chance.ts'
import { FileTree } from './file-tree.ts'

export type Cut = {
  /** The power goes at this change of the disk, counted from the machine's first. */
  readonly atChange: number
  /** Whether that change was still made; it may be lost all the same when it was not flushed. */
  readonly when: 'before' | 'after'
}

export type DriveEvents = {
  /** The power is gone, now. */
  onCut(): void
  /** An operation is about to fail. */
  onError(): void
}

export class Drive {
  tree: FileTree
  /** Changes that were asked of it so far. */
  changes = 0
  cut: Cut | null = null
  /** So many operations in all fail with EIO. */
  errorShare = 0
  /** What a file read as a stream takes before its first byte. */
  readDelayMs = 0
  readonly #chance: Chance
  readonly #events: DriveEvents

  constructor(chance: Chance, events: DriveEvents, tree = new FileTree()) {
    this.#chance = chance
    this.#events = events
    this.tree = tree
  }

  /** Performs one operation, or fails as a disk does. */
  perform<Result>(name: string, isChange: boolean, act: () => Result): Result {
    if (this.#chance.happens(this.errorShare)) {
      this.#events.onError()
      throw diskError('EIO', name)
    }
    if (!isChange) return act()
    this.changes += 1
    if (this.changes !== this.cut?.atChange) return act()
    const { when } = this.cut
    this.cut = null
    if (when === 'after') act()
    this.#events.onCut()
    throw diskError('EIO', `${name}: the power is gone`)
  }

  /** Only what survives is left. */
  cutPower(): void {
    this.tree.cutPower(this.#chance)
  }
}

export function diskError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}

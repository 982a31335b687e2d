/**
 * The disk of one machine, with what goes wrong on it: full (`tree.capacity`), failing now and
 * then, slow, and the scene of crashes in the middle of an operation.
 */
import type { Chance } from '../chance.ts'
import { FileTree } from './file-tree.ts'

export type Cut = {
  /** It happens at this change of the disk, counted from the machine's first. */
  readonly atChange: number
  /** Whether that change was still made; without power it may be lost all the same. */
  readonly when: 'before' | 'after'
  /** One process, whoever made the change; absent: the power. */
  readonly takes?: 'launcher' | 'agent'
}

export type DriveEvents = {
  /** That is gone, now. */
  onCut(takes: Cut['takes']): void
  /** An operation is about to fail. */
  onError(): void
}

/** One operation of a process. */
export type Operation<Result> = {
  readonly name: string
  readonly isChange: boolean
  act(): Result
  /** Its process is no more. */
  isOver(): boolean
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
  perform<Result>(operation: Operation<Result>): Result {
    if (this.#chance.happens(this.errorShare)) {
      this.#events.onError()
      throw diskError('EIO', operation.name)
    }
    if (!operation.isChange) return operation.act()
    this.changes += 1
    const cut = this.changes === this.cut?.atChange ? this.cut : null
    return cut === null ? operation.act() : this.#cutOff(operation, cut)
  }

  /** Only what survives is left. */
  cutPower(): void {
    this.tree.cutPower(this.#chance)
  }

  #cutOff<Result>({ name, act, isOver }: Operation<Result>, { when, takes }: Cut): Result {
    this.cut = null
    const made = when === 'after' ? { result: act() } : null
    this.#events.onCut(takes)
    if (isOver()) throw diskError('EIO', `${name}: its process is gone`)
    return made === null ? act() : made.result
  }
}

export function diskError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}

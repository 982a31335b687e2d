/**
 * Chance from a seed. Each concern has a stream of its own, named: what one of them draws changes
 * nothing for the others, so that a fault more leaves the rest of a run as it was.
 */
import { createHash } from 'node:crypto'
import { invariant } from '../base/invariant.ts'
import type { Random } from '../base/random.ts'

export class Chance implements Random {
  readonly #seed: string
  readonly #state: Uint32Array

  constructor(seed: string) {
    this.#seed = seed
    const digest = createHash('sha256').update(seed).digest()
    this.#state = Uint32Array.from([0, 4, 8, 12], (at) => digest.readUInt32LE(at))
  }

  /** Another stream; the same name gives the same one. */
  stream(name: string): Chance {
    return new Chance(`${this.#seed}/${name}`)
  }

  fraction(): number {
    return this.#word() / 2 ** 32
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 1) bytes[at] = this.#word() >>> 24
    return bytes
  }

  /** True in `share` of all cases; draws nothing when it is never. */
  happens(share: number): boolean {
    return share > 0 && this.fraction() < share
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1))
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.whole(0, items.length - 1)]
    invariant(item !== undefined, 'there is something to pick from')
    return item
  }

  /** sfc32 of PractRand, by Chris Doty-Humphrey: small, fast, and good enough for faults. */
  #word(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state
    const word = (a + b + counter) >>> 0
    this.#state[0] = b ^ (b >>> 9)
    this.#state[1] = c + (c << 3)
    this.#state[2] = ((c << 21) | (c >>> 11)) + word
    this.#state[3] = counter + 1
    return word
  }
}

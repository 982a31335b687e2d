/**
 * One at a time, in the order in which they asked. The database of a world is real: whichever of
 * two transactions that are under way at once is answered first is chance that no seed knows of. So
 * all servers of a world take turns at it, a connection at a time.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve()

  /** Resolves when it is one's turn, with what ends the turn. */
  async take(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const before = this.#last
    this.#last = promise
    await before
    return resolve
  }
}

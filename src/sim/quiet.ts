/**
 * How a world knows that nothing is under way any more, so that time may move on. What only runs on
 * (promises, ticks) has ended after one round of the event loop; whoever waits for something real
 * (a thread that unpacks, a database) says so with `begin` or `track`.
 */
export class Quiet {
  #underWay = 0
  #whenNone: (() => void) | null = null

  /** Something real has begun; call what is returned when it has ended. */
  begin(): () => void {
    this.#underWay += 1
    let hasEnded = false
    return () => {
      if (hasEnded) return
      hasEnded = true
      this.#underWay -= 1
      if (this.#underWay === 0) this.#whenNone?.()
    }
  }

  track<Value>(work: Promise<Value>): Promise<Value> {
    return work.finally(this.begin())
  }

  async settle(): Promise<void> {
    for (;;) {
      await oneRound()
      if (this.#underWay === 0) return
      await new Promise<void>((resolve) => {
        this.#whenNone = resolve
      })
      this.#whenNone = null
    }
  }
}

function oneRound(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

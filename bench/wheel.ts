/** Timers of a hundred thousand agents in one: to two milliseconds, each cheap. */
const TICK_MS = 2

export class Wheel {
  /** How late it was at worst: a process that is late measures itself. */
  lateMs = 0
  readonly #ticks = new Map<number, (() => void)[]>()
  readonly #timer: NodeJS.Timeout
  #done = tickOf(performance.now())

  constructor() {
    this.#timer = setInterval(() => this.#turn(), TICK_MS)
  }

  /** At this time of `performance.now()`, or at once where that is over. */
  add(at: number, fire: () => void): void {
    const tick = Math.max(tickOf(at), this.#done + 1)
    const due = this.#ticks.get(tick)
    if (due === undefined) this.#ticks.set(tick, [fire])
    else due.push(fire)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#ticks.clear()
  }

  #turn(): void {
    const now = performance.now()
    const last = tickOf(now)
    while (this.#done < last) {
      this.#done += 1
      const due = this.#ticks.get(this.#done)
      if (due === undefined) continue
      this.#ticks.delete(this.#done)
      this.lateMs = Math.max(this.lateMs, now - this.#done * TICK_MS)
      for (const fire of due) fire()
    }
  }
}

function tickOf(ms: number): number {
  return Math.ceil(ms / TICK_MS)
}

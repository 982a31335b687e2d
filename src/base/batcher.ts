/**
 * Joins calls that arrive while another batch is at work into the next batch: under load a thousand
 * callers share one query, without load nobody waits. No timer: a batch starts as soon as there is
 * room for one beside those at work.
 */
export class Batcher<Item, Outcome> {
  readonly #perform: (items: readonly Item[]) => Promise<readonly Outcome[]>
  readonly #itemsMax: number
  readonly #batchesMax: number
  readonly #keyOf: (item: Item) => unknown
  readonly #keysAtWork = new Set<unknown>()
  #waiting: Waiter<Item, Outcome>[] = []
  #batches = 0
  #isDue = false

  /** `perform` answers with one outcome for each item, in the same order. */
  constructor(
    perform: (items: readonly Item[]) => Promise<readonly Outcome[]>,
    options: BatcherOptions<Item>,
  ) {
    this.#perform = perform
    this.#itemsMax = options.itemsMax
    this.#batchesMax = options.sideBySide?.batchesMax ?? 1
    this.#keyOf = options.sideBySide?.keyOf ?? ((item) => item)
  }

  /** Rejects when the batch that the item was in failed. */
  run(item: Item): Promise<Outcome> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    this.#waiting.push({ item, key: this.#keyOf(item), resolve, reject })
    this.#startSoon()
    return promise
  }

  /** Also when idle only after this turn, so that requests read in one turn share a batch. */
  #startSoon(): void {
    if (this.#isDue || this.#waiting.length === 0 || this.#batches === this.#batchesMax) return
    this.#isDue = true
    setImmediate(() => void this.#start())
  }

  async #start(): Promise<void> {
    this.#isDue = false
    const batch = this.#take()
    // All who wait do so for a batch at work, at whose end this is tried again.
    if (batch.length === 0) return
    this.#batches += 1
    for (const { key } of batch) this.#keysAtWork.add(key)
    this.#startSoon()
    await this.#performOne(batch)
    for (const { key } of batch) this.#keysAtWork.delete(key)
    this.#batches -= 1
    this.#startSoon()
  }

  #take(): readonly Waiter<Item, Outcome>[] {
    const batch: Waiter<Item, Outcome>[] = []
    const rest: Waiter<Item, Outcome>[] = []
    for (const waiter of this.#waiting) {
      const hasRoom = batch.length < this.#itemsMax && !this.#keysAtWork.has(waiter.key)
      if (hasRoom) batch.push(waiter)
      else rest.push(waiter)
    }
    this.#waiting = rest
    return batch
  }

  async #performOne(batch: readonly Waiter<Item, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.#perform(batch.map((waiter) => waiter.item))
      for (const [index, waiter] of batch.entries()) {
        const outcome = outcomes[index]
        if (outcome === undefined) waiter.reject(new Error('the batch gave no outcome for it'))
        else waiter.resolve(outcome)
      }
    } catch (error) {
      // Rethrown to every caller of the batch.
      for (const waiter of batch) waiter.reject(error)
    }
  }
}

export type BatcherOptions<Item> = {
  readonly itemsMax: number
  /** Several batches at once; items of one key are never in two of them, and keep their order. */
  readonly sideBySide?: {
    readonly batchesMax: number
    readonly keyOf: (item: Item) => unknown
  }
}

type Waiter<Item, Outcome> = {
  readonly item: Item
  readonly key: unknown
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

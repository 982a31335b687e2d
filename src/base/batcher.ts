/**
 * Joins calls that arrive while another batch is at work into the next batch: under load a thousand
 * callers share one query, without load nobody waits. No timer: a batch starts as soon as the one
 * before it is done.
 */
export class Batcher<Item, Outcome> {
  readonly #perform: (items: readonly Item[]) => Promise<readonly Outcome[]>
  readonly #itemsMax: number
  #waiting: Waiter<Item, Outcome>[] = []
  #isBusy = false

  /** `perform` answers with one outcome for each item, in the same order. */
  constructor(
    perform: (items: readonly Item[]) => Promise<readonly Outcome[]>,
    options: { readonly itemsMax: number },
  ) {
    this.#perform = perform
    this.#itemsMax = options.itemsMax
  }

  /** Rejects when the batch that the item was in failed. */
  run(item: Item): Promise<Outcome> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    this.#waiting.push({ item, resolve, reject })
    // Also when idle the batch starts only after this turn, so that requests read in one turn share
    // it.
    if (!this.#isBusy) {
      this.#isBusy = true
      setImmediate(() => void this.#drain())
    }
    return promise
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#performOne(this.#waiting.splice(0, this.#itemsMax))
    }
    this.#isBusy = false
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

type Waiter<Item, Outcome> = {
  readonly item: Item
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/** One at a time for each name, in the order they came; different names do not wait. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  async take<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const before = this.#last.get(name)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last.set(name, promise)
    await before
    try {
      return await work()
    } finally {
      if (this.#last.get(name) === promise) this.#last.delete(name)
      resolve()
    }
  }
}

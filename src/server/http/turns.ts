/**
 * How many calls of one API key are worked on at once; its others wait in the order in which they
 * came. The rate limit counts calls and not what they cost: a key whose calls each take a second
 * would hold every connection to the database and keep all others out. Bodies are read in turn too,
 * so a key holds so many in memory and no more.
 */
export type Turns = {
  /** Does the work when it is the key's turn. */
  take<Value>(keyId: number, work: () => Promise<Value>): Promise<Value>
}

type Queue = { running: number; readonly waiting: (() => void)[] }

export function createTurns(atOnceMax: number): Turns {
  const queues = new Map<number, Queue>()
  const begin = async (queue: Queue) => {
    if (queue.running === atOnceMax) {
      // Whoever ends gives his place on, and it stays taken.
      await new Promise<void>((resolve) => queue.waiting.push(resolve))
    } else queue.running += 1
  }
  const end = (keyId: number, queue: Queue) => {
    const next = queue.waiting.shift()
    if (next !== undefined) return next()
    queue.running -= 1
    if (queue.running === 0) queues.delete(keyId)
  }
  return {
    async take(keyId, work) {
      const queue = queues.get(keyId) ?? { running: 0, waiting: [] }
      queues.set(keyId, queue)
      await begin(queue)
      try {
        return await work()
      } finally {
        end(keyId, queue)
      }
    },
  }
}

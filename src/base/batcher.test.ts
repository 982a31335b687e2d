import { describe, expect, it } from 'vitest'
import { Batcher } from './batcher.ts'

describe('Batcher', () => {
  it('calls of one turn share a batch, and each gets its own outcome', async () => {
    const batches: number[][] = []
    const batcher = new Batcher<number, number>(
      async (items) => {
        batches.push([...items])
        return items.map((item) => item * 10)
      },
      { itemsMax: 100 },
    )
    expect(await Promise.all([1, 2, 3].map((item) => batcher.run(item)))).toEqual([10, 20, 30])
    expect(batches).toEqual([[1, 2, 3]])
  })

  it('calls that arrive while a batch is at work wait for the next one, at most itemsMax in each', async () => {
    const batches: number[][] = []
    const gate = Promise.withResolvers<void>()
    const batcher = new Batcher<number, number>(
      async (items) => {
        batches.push([...items])
        if (batches.length === 1) await gate.promise
        return items
      },
      { itemsMax: 2 },
    )
    const first = batcher.run(0)
    await new Promise((resolve) => setImmediate(resolve))
    const later = [1, 2, 3].map((item) => batcher.run(item))
    gate.resolve()
    expect(await Promise.all([first, ...later])).toEqual([0, 1, 2, 3])
    expect(batches).toEqual([[0], [1, 2], [3]])
  })

  it('a batch that fails rejects its own callers, and the next one still runs', async () => {
    let calls = 0
    const batcher = new Batcher<string, string>(
      async (items) => {
        calls += 1
        if (calls === 1) throw new Error('the database went away')
        return items
      },
      { itemsMax: 10 },
    )
    await expect(batcher.run('lost')).rejects.toThrow('the database went away')
    expect(await batcher.run('kept')).toBe('kept')
  })

  it('batches run side by side as far as they may, and never two with the same key', async () => {
    const batches: string[][] = []
    const gates: PromiseWithResolvers<void>[] = []
    const batcher = new Batcher<string, string>(
      async (items) => {
        const gate = Promise.withResolvers<void>()
        batches.push([...items])
        gates.push(gate)
        await gate.promise
        return items
      },
      { itemsMax: 2, sideBySide: { batchesMax: 2, keyOf: (item) => item[0] } },
    )
    const done = ['a1', 'b1', 'a2', 'c1', 'd1', 'e1'].map((item) => batcher.run(item))
    await turn()
    expect(batches).toEqual([
      ['a1', 'b1'],
      ['c1', 'd1'],
    ])
    gates[1]?.resolve()
    await turn()
    expect(batches.slice(2)).toEqual([['e1']])
    gates[2]?.resolve()
    await turn()
    expect(batches.length).toBe(3)
    gates[0]?.resolve()
    await turn()
    expect(batches.slice(3)).toEqual([['a2']])
    gates[3]?.resolve()
    expect(await Promise.all(done)).toEqual(['a1', 'b1', 'a2', 'c1', 'd1', 'e1'])
  })
})

/** What is due by now has happened: each batch starts in a turn of its own. */
async function turn(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await new Promise((resolve) => setImmediate(resolve))
}

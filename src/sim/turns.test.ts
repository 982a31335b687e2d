import { describe, expect, it } from 'vitest'
import { Turns } from './turns.ts'

describe('turns', () => {
  it('are taken one at a time, in the order in which they were asked for', async () => {
    const turns = new Turns()
    const taken: string[] = []
    const take = async (name: string) => {
      const end = await turns.take()
      taken.push(`${name} begins`)
      await Promise.resolve()
      taken.push(`${name} ends`)
      end()
    }
    await Promise.all([take('first'), take('second'), take('third')])
    const names = ['first', 'second', 'third']
    expect(taken).toEqual(names.flatMap((name) => [`${name} begins`, `${name} ends`]))
  })
})

/**
 * `npm run fuzz -- readers`: damaged bytes for every reader of bytes that others wrote, those that
 * take a millisecond for each included. The seed makes the same cases again.
 */

import { slowReaders } from '../test/fuzz/readers/of-keys.ts'
import { fuzzReader } from '../test/fuzz/readers/reader.ts'
import { READERS } from '../test/fuzz/readers/readers.ts'

export type ReadersOrder = {
  readonly seed: number
  /** Of each reader. */
  readonly cases: number
  /** Part of a name; empty: all of them. */
  readonly only: string
}

/** True when nothing was found. */
export async function isNothingFoundInReaders(order: ReadersOrder): Promise<boolean> {
  let isGood = true
  for (const reader of [...READERS, ...slowReaders()]) {
    if (!reader.name.includes(order.only)) continue
    const { flaws, ...report } = await fuzzReader(reader, order)
    process.stdout.write(`${JSON.stringify(report)}\n`)
    for (const flaw of flaws) process.stdout.write(`${flaw}\n`)
    isGood &&= flaws.length === 0
  }
  const again = `again: npm run fuzz -- readers --seed ${order.seed} --cases ${order.cases}`
  process.stdout.write(`${isGood ? 'nothing found' : again}\n`)
  return isGood
}

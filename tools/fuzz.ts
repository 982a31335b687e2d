/**
 * Sends random requests, made of `api/openapi.json`, to a server of its own, and says what it must
 * not have answered. The seed makes the same requests again.
 *
 * Usage: node tools/fuzz.ts [--seed N] [--requests N]
 *        node tools/fuzz.ts readers [--seed N] [--cases N] [--only NAME]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { systemRandom } from '../src/base/random.ts'
import { fuzz } from '../test/fuzz/fuzz.ts'
import type { Document } from '../test/fuzz/requests.ts'
import { startFuzzServer } from '../test/fuzz/server.ts'
import { isNothingFoundInReaders } from './fuzz-readers.ts'

const text = { type: 'string' } as const
const options = { seed: text, requests: text, cases: text, only: text }
const { values, positionals } = parseArgs({ options, allowPositionals: true })
const seed = Number(values.seed ?? Math.floor(systemRandom.fraction() * 2 ** 32))
const requests = Number(values.requests ?? 20_000)
const cases = Number(values.cases ?? 1_000_000)
const isOfReaders = positionals[0] === 'readers'
const amount = isOfReaders ? `${cases} cases for each reader` : `${requests} requests`
process.stdout.write(`seed ${seed}, ${amount}\n`)
const isGood = isOfReaders
  ? await isNothingFoundInReaders({ seed, cases, only: values.only ?? '' })
  : await isNothingFound()
// The database of tests goes with this process, which would otherwise wait for it.
process.exit(isGood ? 0 : 1)

async function isNothingFound(): Promise<boolean> {
  await using server = await startFuzzServer()
  const document: Document = JSON.parse(readFileSync('api/openapi.json', 'utf8'))
  const { flaws, ...rest } = await fuzz({ server, document, seed, requests })
  process.stdout.write(`${JSON.stringify(rest, null, 2)}\n`)
  for (const flaw of flaws) process.stdout.write(`${flaw}\n`)
  // How far a shorter run gets is luck.
  const isGood = flaws.length === 0 && rest.changedTables.length === 0
  process.stdout.write(isGood ? 'nothing found\n' : `again: npm run fuzz -- --seed ${seed}\n`)
  return isGood
}

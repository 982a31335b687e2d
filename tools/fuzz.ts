/**
 * Sends random requests, made of `api/openapi.json`, to a server of its own, and says what it must
 * not have answered. The seed makes the same requests again.
 *
 * Usage: node tools/fuzz.ts [--seed N] [--requests N]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { systemRandom } from '../src/base/random.ts'
import { startAssembledServer } from '../src/server/testing/assembled.ts'
import { fuzz, UNLIMITED } from '../test/fuzz/fuzz.ts'
import type { Document } from '../test/fuzz/requests.ts'

const options = { seed: { type: 'string' }, requests: { type: 'string' } } as const
const { values } = parseArgs({ options })
const seed = Number(values.seed ?? Math.floor(systemRandom.fraction() * 2 ** 32))
const requests = Number(values.requests ?? 20_000)
process.stdout.write(`seed ${seed}, ${requests} requests\n`)
const server = await startAssembledServer({ keyRequests: UNLIMITED })
const document: Document = JSON.parse(readFileSync('api/openapi.json', 'utf8'))
const { flaws, ...rest } = await fuzz({ server, document, seed, requests })
process.stdout.write(`${JSON.stringify(rest, null, 2)}\n`)
for (const flaw of flaws) process.stdout.write(`${flaw}\n`)
const isGood = flaws.length === 0 && rest.changedTables.length === 0
process.stdout.write(isGood ? 'nothing found\n' : `again: npm run fuzz -- --seed ${seed}\n`)
await server[Symbol.asyncDispose]()
// The database of tests goes with this process, which would otherwise wait for it.
process.exit(isGood ? 0 : 1)

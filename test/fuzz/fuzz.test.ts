/** Twenty thousand requests that nobody wrote: what must hold whatever is sent. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { startAssembledServer } from '../../src/server/testing/assembled.ts'
import { fuzz, UNLIMITED } from './fuzz.ts'
import type { Document } from './requests.ts'

const REQUESTS = 20_500
/** Always the same: what fails here fails again. `npm run fuzz` takes another one each time. */
const SEED = 20_261_122

it(`survives ${REQUESTS} requests made of its own document`, async () => {
  await using server = await startAssembledServer({ keyRequests: UNLIMITED })
  const document: Document = JSON.parse(readFileSync('api/openapi.json', 'utf8'))
  const report = await fuzz({ server, document, seed: SEED, requests: REQUESTS })
  const { memory, successesByCall, answersByStatus, seconds } = report
  console.info(JSON.stringify({ answersByStatus, memory, seconds }))
  expect(report.flaws.join('\n')).toBe('')
  expect(report.changedTables).toEqual([])
  expect(report.sent).toBe(REQUESTS)
  // Right requests are among them: a fuzz that is always refused at the door finds nothing behind.
  expect(Object.keys(successesByCall).length).toBeGreaterThan(8)
  expect(memory.end.rssMb - memory.warm.rssMb).toBeLessThan(150)
  expect(memory.end.heapMb - memory.warm.heapMb).toBeLessThan(40)
})

/**
 * Stories of fleets, played and compared with their transcripts. After a change that is meant,
 * `SCENARIOS=1 vitest run test/scenarios.test.ts` writes the transcripts anew: read the difference.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { playScenarioAlone } from '../src/sim/testing/one-seed.ts'

const FOLDER = join(import.meta.dirname, 'scenarios')
const isRewriting = process.env.SCENARIOS === '1'
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.script'))
  .map((file) => file.replace('.script', ''))

describe('scenarios', () => {
  it.each(names)('%s goes as its transcript says', async (name) => {
    const script = readFileSync(join(FOLDER, `${name}.script`), 'utf8')
    const { transcript, violation } = await playScenarioAlone(name, script)
    expect(violation).toBeNull()
    const told = `${transcript.join('\n')}\n`
    const expected = join(FOLDER, `${name}.expected`)
    if (isRewriting) writeFileSync(expected, told)
    expect(told).toBe(readFileSync(expected, 'utf8'))
  })
})

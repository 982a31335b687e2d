/**
 * Compares windows with an independent oracle (window-oracle.py: Python, its own zone data, every
 * minute looked at): in every zone that the runtime knows, around each change of its clock from
 * 2000 to 2037, and at random instants. Zones of which the two have different data are named, with
 * the first difference, and left out.
 *
 * Usage: node tools/window-oracle.ts [--seed N] [--processes N] [--zones NAME,...]
 */
import { parseArgs } from 'node:util'
import { systemClock } from '../src/base/clock.ts'
import { systemRandom } from '../src/base/random.ts'
import { canonicalZone, stretchAt } from '../src/base/zone.ts'
import { Chance } from '../test/fuzz/chance.ts'
import {
  type Case,
  caseAnywhere,
  caseAround,
  caseOfYear,
  disagreements,
  questionOf,
} from './window-oracle-cases.ts'
import { type OffsetChange, type Oracle, startOracle } from './window-oracle-python.ts'

const YEARS = [2000, 2038] as const
const FROM_S = Date.UTC(YEARS[0], 0, 1) / 1000
const TO_S = Date.UTC(YEARS[1], 0, 1) / 1000
const TOLD_MAX = 20

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { seed: text, processes: text, zones: text } })
const seed = Number(values.seed ?? Math.floor(systemRandom.fraction() * 2 ** 32))
const processes = Number(values.processes ?? 2)

type Tally = {
  zones: number
  changes: number
  points: number
  different: string[]
  wrong: string[]
}
const tally: Tally = { zones: 0, changes: 0, points: 0, different: [], wrong: [] }
const say = (line: string) => process.stdout.write(`${line}\n`)

const startedAt = systemClock.monotonic()
const queue = await zonesToAsk()
await Promise.all(Array.from({ length: processes }, askQueue))
report()
process.exitCode = tally.wrong.length === 0 && tally.points > 0 ? 0 : 1

/** Every name that both know; the runtime lists no aliases, so that the oracle's are tried. */
async function zonesToAsk(): Promise<string[]> {
  await using oracle = startOracle()
  const about = await oracle.ask({ ask: 'about' })
  say(`seed ${seed}; runtime: node ${process.version}, zone data ${process.versions.tz};`)
  say(`oracle: python ${about.python}, zone data ${about.tzdata}`)
  const listed = Intl.supportedValuesOf('timeZone')
  const names = [...new Set([...listed, ...about.zones])].sort()
  const ours = names.filter((name) => canonicalZone(name) !== null)
  say(
    `unknown to the runtime: ${names.filter((name) => !ours.includes(name)).join(', ') || 'none'}`,
  )
  const missing = ours.filter((name) => !about.zones.includes(name))
  say(`unknown to the oracle: ${missing.join(', ') || 'none'}`)
  const wanted = values.zones?.split(',') ?? about.zones
  return ours.filter((name) => about.zones.includes(name) && wanted.includes(name))
}

async function askQueue(): Promise<void> {
  await using oracle = startOracle()
  for (let zone = queue.shift(); zone !== undefined; zone = queue.shift()) {
    await askZone(oracle, zone)
  }
}

async function askZone(oracle: Oracle, zone: string): Promise<void> {
  const theirs = await oracle.ask({ ask: 'offsets', zone, from: FROM_S, to: TO_S })
  const ours = offsetsOf(zone)
  const difference = firstDifference(ours, theirs)
  if (difference !== null) {
    tally.different.push(`${zone}: ${difference}`)
    return
  }
  tally.zones += 1
  // Of the zone, so that one alone is asked the same as among all.
  const chance = new Chance([...zone].reduce((sum, char) => sum * 31 + char.charCodeAt(0), seed))
  const cases = [caseOfYear(chance, zone, YEARS)]
  for (let n = 0; n < 5; n += 1) cases.push(caseAnywhere(chance, zone, YEARS))
  for (const [index, [second, offsetS]] of ours.entries()) {
    if (index === 0) continue
    tally.changes += 1
    const beforeMs = (ours[index - 1]?.[1] ?? 0) * 1000
    const jump = { zone, at: second * 1000, beforeMs, afterMs: offsetS * 1000 }
    cases.push(caseAround(chance, jump))
  }
  for (const each of cases) await askCase(oracle, each)
}

async function askCase(oracle: Oracle, asked: Case): Promise<void> {
  const runs = await oracle.ask(questionOf(asked))
  tally.points += asked.points.length * asked.windows.length
  tally.wrong.push(...disagreements(asked, runs))
}

/** As the runtime has them: of neighbours that are the same, the first. */
function offsetsOf(zone: string): OffsetChange[] {
  const found: OffsetChange[] = []
  for (let at = FROM_S * 1000; at < TO_S * 1000; ) {
    const stretch = stretchAt(zone, at)
    if (stretch === null) throw new Error(`${zone} is not known any more`)
    const offsetS = stretch.offsetMs / 1000
    if (found.at(-1)?.[1] !== offsetS) found.push([at / 1000, offsetS])
    at = stretch.until
  }
  return found
}

function firstDifference(
  ours: readonly OffsetChange[],
  theirs: readonly OffsetChange[],
): string | null {
  const inWords = (change: OffsetChange | undefined) =>
    change === undefined
      ? 'no change'
      : `${new Date(change[0] * 1000).toISOString()} to ${change[1]} s`
  for (let index = 0; index < Math.max(ours.length, theirs.length); index += 1) {
    const [mine, other] = [ours[index], theirs[index]]
    if (mine?.[0] === other?.[0] && mine?.[1] === other?.[1]) continue
    return `runtime ${inWords(mine)}, oracle ${inWords(other)}`
  }
  return null
}

function report(): void {
  const seconds = ((systemClock.monotonic() - startedAt) / 1000).toFixed(0)
  const { zones, changes, points, different, wrong } = tally
  say(`left out, because the zone data differ (${different.length}):`)
  for (const line of different) say(`  ${line}`)
  say(`${zones} zones, ${changes} changes of a clock, ${points} points, ${seconds} s`)
  for (const line of wrong.slice(0, TOLD_MAX)) say(`  ${line}`)
  say(wrong.length === 0 ? 'no disagreement' : `${wrong.length} disagreements: --seed ${seed}`)
}

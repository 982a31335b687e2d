/**
 * `npm run blast-radius`: orders ten kinds of bad version, one after the other, for a fleet of real
 * agents, and prints how far each came and how soon the old one was back, as the table of
 * docs/benchmarks.md. Ends with 1 when one came further than it may, ended otherwise than it
 * should, or left an endpoint slower than it may.
 */
import { cpus } from 'node:os'
import { BAD_VERSIONS } from '../test/acceptance/bad-versions.ts'
import { flawsOf, MACHINES, openSite, REACH_MAX, spread } from '../test/acceptance/blast-radius.ts'
import { quantile } from './machine.ts'

const COLUMNS = [
  'A version that',
  'Endpoints reached',
  'Limit',
  'Seconds from the verdict to the old version: least / median / most',
]
const BACK_S_MAX = 10
const HEAD = [`| ${COLUMNS.join(' | ')} |`, '|---|---|---|---|']

await using site = await openSite()
const rows: string[] = []
const flaws: string[] = []
for (const [index, bad] of BAD_VERSIONS.entries()) {
  const found = await spread(site, `1.0.1.${index}`, bad)
  const { reached, backS } = found
  const slow = backS.filter((seconds) => seconds >= BACK_S_MAX)
  const late = slow.map((seconds) => `the old version was up again after ${seconds} s`)
  for (const flaw of [...(await flawsOf(found, bad)), ...late]) flaws.push(`${bad.what}: ${flaw}`)
  const ofAll = `${reached.length} of ${MACHINES}`
  const row = `| ${bad.what} | ${ofAll} | ${REACH_MAX} | ${renderSeconds(backS)} |`
  process.stderr.write(`${row}\n`)
  rows.push(row)
}
const [cpu] = cpus()
const machine = `${cpus().length} x ${cpu?.model ?? 'unknown'}`
process.stdout.write(`${machine}\n\n${[...HEAD, ...rows].join('\n')}\n`)
for (const flaw of flaws) process.stderr.write(`a version that ${flaw}\n`)
if (flaws.length > 0) process.exitCode = 1

/** What was never started has nothing to go back from. */
function renderSeconds(seconds: readonly number[]): string {
  if (seconds.length === 0) return 'never started'
  return [0, 0.5, 1].map((share) => quantile(seconds, share).toFixed(1)).join(' / ')
}

/**
 * `npm run sim:dry-run`: orders that are tried and then placed in a calm fleet, and how many
 * endpoints went as was foretold. `-- 60 20`: that many endpoints, that many orders.
 */
import { compareDryRuns } from '../src/sim/light/compare-dry-run.ts'

const ENDPOINTS = 1_000
const ORDERS = 4
/** What is promised. */
const MATCHING_LEAST = 0.999

const [endpoints = ENDPOINTS, orders = ORDERS] = process.argv.slice(2).map(Number)
const told = await compareDryRuns({ seed: 'dry-run', endpoints, orders })
const percent = ((100 * told.matching) / told.endpoints).toFixed(2)
process.stdout.write(`${told.misses.join('\n')}\n`)
const { matching, endpoints: moved } = told
process.stdout.write(`${matching} of ${moved} upgrades as foretold: ${percent} %\n`)
// The database of the tests ends with the process, and its pipe holds the process.
process.exit(told.matching >= MATCHING_LEAST * told.endpoints ? 0 : 1)

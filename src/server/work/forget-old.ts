/**
 * What grows for ever otherwise: events are for who was away for a while, reports for a year, and
 * so are upgrades. A year is not over because a clock has just jumped ahead.
 */
import type { Clock } from '../../base/clock.ts'
import { deleteOldAgentReports } from '../../store/agent-reports.ts'
import { deleteOldEvents } from '../../store/events.ts'
import { deleteOldUpgrades } from '../../store/old-upgrades.ts'
import type { Database } from '../../store/open.ts'
import type { SteadyTime } from './steady-time.ts'

const DAY_MS = 86_400_000
export const EVENTS_KEPT_MS = 7 * DAY_MS
/** Some hundred megabytes; a fleet of ten thousand writes as many in a hundred upgrades of all. */
export const EVENTS_KEPT_MAX = 1_000_000
/** As long as the original keeps them. */
export const REPORTS_KEPT_MS = 365 * DAY_MS
/** Three gigabytes: an endpoint that changes its mind all the time must not fill the disk. */
export const REPORTS_KEPT_MAX = 10_000_000
/** As long as what their endpoints reported of them. */
export const UPGRADES_KEPT_MS = 365 * DAY_MS
/** Whoever puts a wrong clock right has done so by then. */
export const STEADY_MS_MIN = 3_600_000
/** Rows of one transaction. */
const BATCH_MAX = 5_000

type Needs = { readonly database: Database; readonly clock: Clock }

export async function forgetOldEvents({ database, clock }: Needs): Promise<void> {
  const old = { before: clock.now() - EVENTS_KEPT_MS, keep: EVENTS_KEPT_MAX, limit: BATCH_MAX }
  while ((await database.write((tx) => deleteOldEvents(tx, old))) === BATCH_MAX);
}

type SteadyNeeds = Needs & { readonly steadyTime: SteadyTime }

export async function forgetOldReports(needs: SteadyNeeds): Promise<void> {
  const { database, clock, steadyTime } = needs
  const isSteady = steadyTime.steadyMs() >= STEADY_MS_MIN
  const before = isSteady ? clock.now() - REPORTS_KEPT_MS : 0
  const old = { before, keep: REPORTS_KEPT_MAX, limit: BATCH_MAX }
  while ((await database.write((tx) => deleteOldAgentReports(tx, old))) === BATCH_MAX);
}

export async function forgetOldUpgrades(needs: SteadyNeeds): Promise<void> {
  const { database, clock, steadyTime } = needs
  if (steadyTime.steadyMs() < STEADY_MS_MIN) return
  const old = { before: clock.now() - UPGRADES_KEPT_MS, limit: BATCH_MAX }
  while ((await database.write((tx) => deleteOldUpgrades(tx, old))) === BATCH_MAX);
}

/**
 * What the oracle of windows is asked, and whether it agrees: stretches of time in a zone, a few
 * windows and closed days for each, and instants at which `openness` must say what the oracle saw.
 */
import type { Instant } from '../src/base/clock.ts'
import type { ClosedDays } from '../src/domain/upgrade/closed-days.ts'
import {
  HORIZON_MS,
  type Openness,
  openness,
  WEEKDAYS,
  type Window,
} from '../src/domain/upgrade/window.ts'
import type { Chance } from '../test/fuzz/chance.ts'
import type { Run, RunsQuestion } from './window-oracle-python.ts'

export type Case = {
  readonly zone: string
  /** What the oracle looks at, in minutes since 1970: from `first`, so many. */
  readonly first: number
  readonly minutes: number
  readonly windows: readonly (Window | null)[]
  readonly closedDays: readonly ClosedDays[]
  readonly points: readonly Instant[]
}

const MINUTE_MS = 60_000
const DAY_MINUTES = 1440
const DAY_MS = DAY_MINUTES * MINUTE_MS

/** A zone's clock jumps: so far ahead of UTC it was before, and is from then on. */
export type Jump = {
  readonly zone: string
  readonly at: Instant
  readonly beforeMs: number
  readonly afterMs: number
}

/** The week around a jump, every minute near it, and some of the others. */
export function caseAround(chance: Chance, { zone, at, beforeMs, afterMs }: Jump): Case {
  const minute = Math.floor(at / MINUTE_MS)
  const first = minute - DAY_MINUTES / 2
  const minutes = 9 * DAY_MINUTES
  // What is shown twice, or not at all, has the length of the jump, before and after it.
  const near = Math.min(180, Math.abs(afterMs - beforeMs) / MINUTE_MS) + 2
  const around = Array.from({ length: 2 * near + 1 }, (_, n) => (minute - near + n) * MINUTE_MS)
  const edges = [-MINUTE_MS, -1000, -1, 0, 1, 1000, MINUTE_MS].map((ms) => at + ms)
  const points = [
    ...around,
    ...edges,
    ...somePoints(chance, 40, { first, minutes: DAY_MINUTES * 8 }),
  ]
  const [before, after] = [at + beforeMs, at + afterMs]
  const windows = [aWindowNear(chance, before), aWindowNear(chance, after), aWindow(chance)]
  const closedDays = chance.is(0.5)
    ? []
    : [someDays(chance, at + DAY_MS * (chance.below(5) - 1), 2)]
  return { zone, first, minutes, windows, closedDays, points }
}

/** A week, anywhere in the years. */
export function caseAnywhere(chance: Chance, zone: string, years: readonly [number, number]): Case {
  const at = Date.UTC(years[0], 0, 1) + chance.below((years[1] - years[0]) * 365) * DAY_MS
  const first = at / MINUTE_MS
  const minutes = 9 * DAY_MINUTES
  const windows = [null, aWindow(chance), aWindow(chance)]
  const closedDays = [someDays(chance, at + chance.below(6) * DAY_MS, 3)]
  const points = somePoints(chance, 100, { first, minutes: DAY_MINUTES * 8 })
  return { zone, first, minutes, windows, closedDays, points }
}

/** Fourteen months with closed days of up to a year. */
export function caseOfYear(chance: Chance, zone: string, years: readonly [number, number]): Case {
  const at = Date.UTC(years[0], 0, 1) + chance.below((years[1] - years[0]) * 365) * DAY_MS
  const first = at / MINUTE_MS
  const minutes = 430 * DAY_MINUTES
  const windows = [null, aWindow(chance), { ...aWindow(chance), days: WEEKDAYS }]
  const ranges = Array.from({ length: chance.below(4) }, () =>
    someDays(chance, at + chance.below(420) * DAY_MS, chance.of([1, 3, 20])),
  )
  const closedDays = [...ranges, someDays(chance, at + chance.below(60) * DAY_MS, 366)]
  return {
    zone,
    first,
    minutes,
    windows,
    closedDays,
    points: somePoints(chance, 200, { first, minutes }),
  }
}

function somePoints(
  chance: Chance,
  count: number,
  { first, minutes }: { readonly first: number; readonly minutes: number },
): readonly Instant[] {
  return Array.from(
    { length: count },
    () =>
      (first + chance.below(minutes)) * MINUTE_MS + chance.of([0, 0, 1, chance.below(MINUTE_MS)]),
  )
}

function aWindow(chance: Chance): Window {
  const few = WEEKDAYS.filter(() => chance.is(0.4))
  const days = few.length === 0 || chance.is(0.2) ? WEEKDAYS : few
  const startMinute = chance.below(DAY_MINUTES)
  const endMinute = chance.is(0.1) ? startMinute : chance.below(DAY_MINUTES)
  return { days, startMinute, endMinute, zone: 'UTC', strictEnd: false }
}

/** With its edges in the hours that a clock shows twice or not at all, more often than not. */
function aWindowNear(chance: Chance, local: number): Window {
  const minute = Math.floor(local / MINUTE_MS)
  const near = () => (minute + chance.of([0, -60, 60, -30, 30, chance.below(241) - 120])) % 1440
  const window = { ...aWindow(chance), startMinute: near() }
  return chance.is(0.7) ? { ...window, endMinute: near() } : window
}

function someDays(chance: Chance, at: Instant, most: number): ClosedDays {
  const from = new Date(at).toISOString().slice(0, 10)
  const last = Date.parse(from) + chance.below(most) * DAY_MS
  return { from, to: new Date(last).toISOString().slice(0, 10) }
}

export function questionOf({ zone, first, minutes, windows, closedDays }: Case): RunsQuestion {
  return {
    ...{ ask: 'runs', zone, first, minutes },
    windows: windows.map(
      (window) => window && { days: window.days, start: window.startMinute, end: window.endMinute },
    ),
    closed: closedDays.map(({ from, to }) => [from, to]),
  }
}

/** In words, where `openness` says otherwise than the oracle. */
export function disagreements(asked: Case, runs: readonly (readonly Run[])[]): string[] {
  const { zone, windows, closedDays, points } = asked
  const end = (asked.first + asked.minutes) * MINUTE_MS
  return windows.flatMap((window, index) =>
    points.flatMap((now) => {
      const seen = expectedAt(runs[index] ?? [], now)
      const said = openness({ window, zone, closedDays }, now)
      if (isSame(said, seen, { now, end })) return []
      const when = new Date(now).toISOString()
      const about = JSON.stringify({ zone, window, closedDays })
      return [`${when} ${about}: said ${JSON.stringify(said)}, the oracle ${JSON.stringify(seen)}`]
    }),
  )
}

type Seen = { readonly state: Run[1]; readonly changesAt: Instant | null }

function expectedAt(runs: readonly Run[], now: Instant): Seen {
  const index = runs.findLastIndex(([minute]) => minute * MINUTE_MS <= now)
  const state = runs[index]?.[1] ?? 'outside-window'
  const change = runs
    .slice(index + 1)
    .find(([, later]) => (later === 'open') !== (state === 'open'))
  return { state, changesAt: change === undefined ? null : change[0] * MINUTE_MS }
}

/** What the oracle did not see before it stopped looking is beyond what it looked at. */
function isSame(
  said: Openness,
  seen: Seen,
  { now, end }: { readonly now: Instant; readonly end: Instant },
): boolean {
  const state = said.kind === 'open' ? 'open' : said.reason
  const changesAt = said.kind === 'open' ? said.closesAt : said.opensAt
  if (state !== seen.state) return false
  if (seen.changesAt === null) return changesAt === null || changesAt >= end
  if (seen.changesAt - now > HORIZON_MS) return changesAt === null
  return changesAt === seen.changesAt
}

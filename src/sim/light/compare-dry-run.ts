/**
 * Orders that are tried first and placed then, one after the other, in a calm fleet; and how what
 * was foretold of each endpoint compares with what happened to it.
 *
 * Foretold as it happened is who was in its wave, began in the very opening of its window that was
 * named for it, and about when: what is foretold takes every upgrade to last as long as the median
 * of those before it, and so errs the more, the longer the queue.
 */
import { invariant } from '../../base/invariant.ts'
import type { PlannedUpgradeReply } from '../../contract/public/endpoints.ts'
import type { Window } from '../../domain/upgrade/window.ts'
import { upgradeEndpointsRoute } from '../../server/public-api/endpoints/upgrade.ts'
import { toWindow } from '../../server/public-api/endpoints/upgrade-window.ts'
import { ask } from '../../server/testing/ask.ts'
import {
  saveTestDistribution,
  saveTestRelease,
  startTestServer,
  type TestServer,
} from '../../server/testing/fleet.ts'
import { saveSetting } from '../../store/configuration.ts'
import { loadWatchedUpgrades } from '../../store/testing/watched-upgrades.ts'
import { Chance } from '../chance.ts'
import { isOpenAt } from '../fleet/watcher.ts'
import { LightFleet, type LightPlace } from './light-fleet.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const INTERVAL_S = 300
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata']
const TAGS = ['web', 'db', 'lab']
/** An endpoint begins at its next check-in, and so did whoever it waited for. */
const SLACK_MS = 3 * INTERVAL_S * 1000
/** Of the time in the queue of an opening: those before it took more or less than the median. */
const SLACK_SHARE = 1 / 3
/** Of the fleet: how many are upgraded at once, at most and at least. */
const BERTHS_SHARE = 1 / 10
const BERTHS_LEAST = 40
const DAYS_MAX = 12

export type Foretold = {
  readonly orders: number
  readonly endpoints: number
  readonly matching: number
  /** Who was not foretold, and how. */
  readonly misses: readonly string[]
}

export async function compareDryRuns(of: {
  readonly seed: string
  readonly endpoints: number
  readonly orders: number
}): Promise<Foretold> {
  const chance = new Chance(of.seed)
  await using server = {
    ...(await startTestServer()),
    checkInLimits: LIMITS,
    random: chance.stream('server'),
  }
  const { database } = server
  const parallelUpgradesMax = Math.max(BERTHS_LEAST, Math.round(of.endpoints * BERTHS_SHARE))
  await database.write((tx) => saveSetting(tx, 'autoUpgrade', { parallelUpgradesMax }))
  await saveTestRelease(database, '1.0.0.1')
  const distributionId = await saveTestDistribution(database)
  const places = Array.from({ length: of.endpoints }, () => drawPlace(chance))
  const fleet = await LightFleet.enrol(server, { distributionId, places }, chance)
  const misses: string[] = []
  // The first is for nothing but the pace, which nobody knows before.
  for (let order = 0; order <= of.orders; order += 1) {
    const asked = order === 0 ? {} : drawOrder(chance, parallelUpgradesMax)
    const found = await placeAndCompare(server, fleet, { version: `1.${order + 1}.0.0`, asked })
    if (order > 0) misses.push(...found)
  }
  const endpoints = of.endpoints * of.orders
  return { orders: of.orders, endpoints, matching: endpoints - misses.length, misses }
}

const LIMITS = { intervalS: INTERVAL_S, probationS: 300 }

function drawPlace(chance: Chance): LightPlace {
  return { zone: chance.pick(ZONES), tags: [chance.pick(TAGS)] }
}

function drawOrder(chance: Chance, berths: number): Asked {
  const start = chance.whole(0, 23)
  const hour = (at: number) => `${String(at % 24).padStart(2, '0')}:00`
  const window: NonNullable<Asked['upgrade_timeframe_window']> = {
    upgrade_timeframe_days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'],
    upgrade_timeframe_start_time: hour(start),
    upgrade_timeframe_end_time: hour(start + chance.whole(4, 10)),
    upgrade_timeframe_timezone: chance.pick(['UTC', 'Europe/Berlin', 'endpoint', 'endpoint']),
    strict_end: chance.happens(0.2),
  }
  const atOnce = (least: number, most: number) =>
    chance.whole(Math.ceil(least * berths), Math.ceil(most * berths))
  return {
    ...(chance.happens(0.6) ? { upgrade_timeframe_window: window } : {}),
    rollout: {
      ...(chance.happens(0.7) ? { canary: { count: chance.whole(1, 8) } } : {}),
      waves: chance.pick([[], [50], [{ tag: 'web' }, 70], [10, 30, 60]]),
      soak_minutes: chance.pick([0, 15, 60, 180]),
      ...(chance.happens(0.5) ? { max_concurrent: atOnce(0.1, 0.75) } : {}),
      ...(chance.happens(0.5) ? { failure_budget: { count: atOnce(0.05, 0.25) } } : {}),
    },
  }
}

type Asked = {
  readonly upgrade_timeframe_window?: Parameters<typeof toWindow>[0] | undefined
  readonly rollout?: object
}

async function placeAndCompare(
  server: TestServer,
  fleet: LightFleet,
  { version, asked }: { readonly version: string; readonly asked: Asked },
): Promise<readonly string[]> {
  const { clock, database } = server
  const digest = await saveTestRelease(database, version)
  const ids = fleet.endpoints.map(({ id }) => id)
  const order = { endpoint_ids: ids, target_versions: { linux: version }, ...asked }
  const tried = await ask(upgradeEndpointsRoute, server, { ...order, dry_run: true })
  invariant(tried.ok, `an order is refused: ${JSON.stringify(tried)}`)
  const { plan } = tried.value as PlannedUpgradeReply
  // Ordered by somebody who read the plan first.
  clock.advance(MINUTE_MS)
  const at = clock.now()
  fleet.expect()
  const placed = await ask(upgradeEndpointsRoute, server, order)
  invariant(placed.ok, 'what was tried can be ordered')
  const hours = hoursOf(toWindow(asked.upgrade_timeframe_window ?? null, 'UTC'))
  const zoneOf = new Map(plan.endpoints.map(({ endpoint_id, zone }) => [endpoint_id, zone]))
  await fleet.run(at + DAYS_MAX * 24 * HOUR_MS, (left) => {
    const zones = new Set([...left].map(({ id }) => zoneOf.get(id) ?? 'UTC'))
    return closedUntil(hours, [...zones], clock.now())
  })
  const rows = (await loadWatchedUpgrades(database)).filter((row) => row.manifest_digest === digest)
  const waveOf = new Map(rows.map(({ endpoint_id, wave }) => [endpoint_id, wave]))
  const begunAt = new Map(fleet.endpoints.map((each) => [String(each.id), each.begunAt]))
  return plan.endpoints.flatMap(({ endpoint_id, wave, zone, begins_at }) => {
    const begun = begunAt.get(endpoint_id) ?? null
    const told = `${version} ${endpoint_id.slice(0, 6)}:`
    if (wave !== waveOf.get(endpoint_id)) return [`${told} another wave`]
    if (begins_at === null || begun === null) return [`${told} began ${begun}, not ${begins_at}`]
    const foretold = Math.max(at, begins_at)
    const off = `${told} began ${Math.round((begun - foretold) / MINUTE_MS)} min off`
    if (isClosedBetween(hours, zone, [foretold, begun])) return [`${off}, in another opening`]
    const waits = foretold - openSince(hours, zone, { at: foretold, from: at })
    return Math.abs(begun - foretold) <= SLACK_MS + waits * SLACK_SHARE ? [] : [off]
  })
}

type Hours = (zone: string, at: number) => boolean

/** Whether the window is open; a whole fleet asks it for the same minutes. */
function hoursOf(window: Window | null): Hours {
  const known = new Map<string, boolean>()
  return (zone, at) => {
    if (window === null) return true
    const minute = Math.floor(at / MINUTE_MS)
    const key = `${zone} ${minute}`
    const isOpen = known.get(key) ?? isOpenAt(window, zone, minute * MINUTE_MS)
    known.set(key, isOpen)
    return isOpen
  }
}

/** What was begun in an opening, or had been given a berth, has ended so long after it. */
const AFTER_MS = HOUR_MS / 2
/** Everybody is heard of again by the next. */
const BEFORE_MS = HOUR_MS / 2

/** Till shortly before the next opening in any of the zones; null: there is, or just was, one. */
function closedUntil(isOpen: Hours, zones: readonly string[], now: number): number | null {
  const isOpenAnywhere = (at: number) => zones.some((zone) => isOpen(zone, at))
  for (let at = now - AFTER_MS; at <= now + BEFORE_MS; at += MINUTE_MS) {
    if (isOpenAnywhere(at)) return null
  }
  let opensAt = now + BEFORE_MS
  while (opensAt < now + 24 * HOUR_MS && !isOpenAnywhere(opensAt)) opensAt += MINUTE_MS
  return opensAt - BEFORE_MS
}

/** Whether the window is closed at any minute from the earlier to the later, both included. */
function isClosedBetween(isOpen: Hours, zone: string, moments: readonly number[]): boolean {
  const last = Math.max(...moments)
  for (let at = Math.min(...moments); at < last; at += MINUTE_MS) {
    if (!isOpen(zone, at)) return true
  }
  return !isOpen(zone, last)
}

/** Since when the window was open then, at most since `from`. */
function openSince(
  isOpen: Hours,
  zone: string,
  { at, from }: { readonly at: number; readonly from: number },
): number {
  let since = at
  while (since > from && isOpen(zone, since - MINUTE_MS)) since -= MINUTE_MS
  return Math.max(from, since)
}

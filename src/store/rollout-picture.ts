/**
 * What a tick of the planner looks at, in a fixed number of queries however many upgrades there
 * are: counts by wave, and so many candidates as there are berths.
 */
import { sql } from 'kysely'
import { CLOCK_ERROR_MS_MAX, type Instant } from '../base/clock.ts'
import type { UpgradeActionId } from '../base/ids.ts'
import type { Configuration } from '../domain/configuration/configuration.ts'
import { candidatesWanted } from '../domain/rollout/candidates-wanted.ts'
import { EMPTY_TALLY, type FleetPicture, type WaveTally } from '../domain/rollout/picture.ts'
import type { Rollout } from '../domain/rollout/rollout.ts'
import { berthsFree } from '../domain/upgrade/berth.ts'
import type { Window } from '../domain/upgrade/window.ts'
import { countBerthsTaken } from './berths.ts'
import { loadMovingClusters } from './clusters.ts'
import type { Reader } from './open.ts'
import { loadCandidates } from './rollout-candidates.ts'
import { rolloutOf } from './rollouts.ts'
import { storedWindow } from './stored-window.ts'

/** Berths that one tick gives at most: what is locked and written together. */
export const BERTHS_A_TICK_MAX = 5_000

export type PictureWanted = {
  /** Null: every rollout that is not over. */
  readonly actionId: UpgradeActionId | null
  readonly settings: Pick<Configuration, 'autoUpgrade' | 'rollout'>
  readonly probationS: number
  /**
   * Who was heard of since then may be offered something; who succeeded and was not has fallen
   * silent.
   */
  readonly heardSince: Instant
  readonly now: Instant
}

export async function loadFleetPicture(
  reader: Reader,
  wanted: PictureWanted,
): Promise<FleetPicture> {
  const { settings, now } = wanted
  const calendar = { closedDays: settings.rollout.closedDays, probationS: wanted.probationS }
  const taken = await countBerthsTaken(reader)
  const free = berthsFree(settings.autoUpgrade, taken)
  const open = await loadOpen(reader, wanted.actionId)
  const limit = Math.min(free, BERTHS_A_TICK_MAX)
  const tallies = await loadTallies(reader, open, { ...wanted, limit })
  const movingClusters = await loadMovingClusters(reader)
  const zonesOf = Map.groupBy(tallies.zones, ({ action }) => action)
  const seen = open.map(({ rollout, window }) => {
    const { zones, byWave } = talliesOf(rollout, zonesOf.get(rollout.actionId) ?? [], tallies)
    return { rollout, window, zones, tallies: byWave }
  })
  const asked = candidatesWanted(seen, limit, { calendar, now })
  const mayLead = movingClusters.length === 0
  const { heardSince } = wanted
  const candidates = await loadCandidates(reader, { wanted: asked, mayLead, heardSince, now })
  const rollouts = seen.map((each) => {
    return { ...each, candidates: candidates.get(each.rollout.actionId) ?? [] }
  })
  return { rollouts, berthsFree: free, movingClusters, calendar }
}

type Open = { readonly rollout: Rollout; readonly window: Window | null }

async function loadOpen(
  reader: Reader,
  actionId: UpgradeActionId | null,
): Promise<readonly Open[]> {
  const rows = await reader
    .selectFrom('rollout')
    .innerJoin('upgrade_action', 'upgrade_action.id', 'rollout.action_id')
    .selectAll('rollout')
    .select('upgrade_action.window')
    .where(sql<boolean>`state not in ('finished', 'cancelled')`)
    .$if(actionId !== null, (query) => query.where('action_id', '=', actionId))
    .orderBy('action_id')
    .execute()
  return rows.map((row) => ({ rollout: rolloutOf(row), window: storedWindow(row.window) }))
}

type Tally = { readonly action: number; readonly wave: number; readonly count: number }
type ZoneTally = {
  readonly action: number
  readonly wave: number
  readonly zone: string
  readonly waiting: number
  readonly inFlight: number
  readonly succeeded: number
  readonly ended: number
}

/** By action and wave: there may be thousands of them. */
type Counts = ReadonlyMap<string, number>

function countsOf(tallies: readonly Tally[]): Counts {
  return new Map(tallies.map(({ action, wave, count }) => [`${action} ${wave}`, count]))
}

type Tallies = {
  readonly zones: readonly ZoneTally[]
  readonly failed: Counts
  readonly connected: Counts
  readonly troubled: Counts
  readonly silent: Counts
}

async function loadTallies(
  reader: Reader,
  open: readonly Open[],
  { actionId, heardSince, limit, now }: PictureWanted & { readonly limit: number },
): Promise<Tallies> {
  // Of one that is named everything is told, as whoever resumes it after a halt accepts it.
  const isCounted = ({ state }: Rollout) => actionId !== null || state !== 'halted'
  const idsOf = (which: (rollout: Rollout) => boolean) =>
    open.flatMap(({ rollout }) => (which(rollout) ? [rollout.actionId] : []))
  const watched = idsOf((rollout) => {
    const hasBudget = rollout.waves.some(({ budget }) => budget !== null)
    return isCounted(rollout) && (hasBudget || rollout.waves.length > 1)
  })
  const counted = open.map(({ rollout }) => rollout).filter(isCounted)
  const heard = { since: heardSince, most: limit + 1, now }
  const soaking = idsOf(({ soakSince }) => soakSince !== null)
  return {
    zones: await loadZones(
      reader,
      idsOf(() => true),
    ),
    failed: countsOf(await countFailed(reader, idsOf(isCounted))),
    connected: countsOf(await countConnected(reader, counted, heard)),
    troubled: countsOf(await countTroubled(reader, watched)),
    silent: countsOf(await countSilent(reader, soaking, heardSince)),
  }
}

async function loadZones(
  reader: Reader,
  ids: readonly UpgradeActionId[],
): Promise<readonly ZoneTally[]> {
  if (ids.length === 0) return []
  const counted = await sql<Record<keyof ZoneTally, string | number>>`
    select action_id as action, wave, zone,
      count(*) filter (where finished_at is null and deadline_at is null) as waiting,
      count(*) filter (where finished_at is null and deadline_at is not null) as "inFlight",
      count(*) filter (where state = 'succeeded') as succeeded,
      count(*) filter (where finished_at is not null and state <> 'succeeded') as ended
    from upgrade where action_id = any(${[...ids]}::bigint[])
    group by action_id, wave, zone`.execute(reader)
  return counted.rows.map((row) => ({
    action: Number(row.action),
    wave: Number(row.wave),
    zone: String(row.zone),
    waiting: Number(row.waiting),
    inFlight: Number(row.inFlight),
    succeeded: Number(row.succeeded),
    ended: Number(row.ended),
  }))
}

const FAILED_STATES = ['rolled-back', 'failed', 'timed-out']

/** By attempt: a cluster that was taken back is one failure, however many its endpoints are. */
export async function countFailed(
  reader: Reader,
  ids: readonly UpgradeActionId[],
): Promise<readonly Tally[]> {
  return await countBy(
    reader,
    ids,
    sql`select action_id as action, wave, count(distinct attempt_id) as count
      from upgrade where state = any(${FAILED_STATES}::text[]) and attempt_id is not null`,
  )
}

type Heard = { readonly since: Instant; readonly most: number; readonly now: Instant }

/**
 * One that was told to begin and did not is left out while it rests: the next wave must not wait
 * for it. No further than is needed to know whether all the berths there are find takers, in the
 * order of their index: however long the history is, no more is read.
 */
async function countConnected(
  reader: Reader,
  rollouts: readonly Rollout[],
  { since, most, now }: Heard,
): Promise<readonly Tally[]> {
  const begun = rollouts.flatMap(({ actionId, currentWave }) =>
    Array.from({ length: currentWave + 1 }, (_, wave) => ({ action: actionId, wave })),
  )
  if (begun.length === 0) return []
  const counted = await sql<Record<keyof Tally, string | number>>`
    select action, begun.wave, (
      select count(*) from (
        select from upgrade join liveness on liveness.endpoint_id = upgrade.endpoint_id
        where upgrade.action_id = begun.action and upgrade.wave = begun.wave
          and finished_at is null and deadline_at is null
          and last_seen between ${since} and ${now + CLOCK_ERROR_MS_MAX}
          and not (reason is not distinct from 'offer-lapsed' and coalesce(not_before, 0) > ${now})
        order by upgrade.endpoint_id limit ${most}
      ) as heard
    ) as count
    from jsonb_to_recordset(${JSON.stringify(begun)}::jsonb) as begun(action bigint, wave integer)
    `.execute(reader)
  return counted.rows.map(tallyOf)
}

/** What succeeded is unhealthy now, and still has the version that it was given. */
export async function countTroubled(reader: Reader, ids: readonly UpgradeActionId[]) {
  return await countBy(
    reader,
    ids,
    sql`select action_id as action, wave, count(*) as count
      from upgrade join endpoint on endpoint.id = upgrade.endpoint_id
      where upgrade.state = 'succeeded' and endpoint.health_status = 'unhealthy'
        and endpoint.manifest_digest = upgrade.manifest_digest`,
  )
}

async function countSilent(reader: Reader, ids: readonly UpgradeActionId[], since: Instant) {
  return await countBy(
    reader,
    ids,
    sql`select action_id as action, wave, count(*) as count
      from upgrade join liveness on liveness.endpoint_id = upgrade.endpoint_id
      where state = 'succeeded' and last_seen < ${since}`,
  )
}

async function countBy(
  reader: Reader,
  ids: readonly UpgradeActionId[],
  counting: ReturnType<typeof sql>,
): Promise<readonly Tally[]> {
  if (ids.length === 0) return []
  const counted = await sql<Record<keyof Tally, string | number>>`
    ${counting} and upgrade.action_id = any(${[...ids]}::bigint[])
    group by upgrade.action_id, upgrade.wave`.execute(reader)
  return counted.rows.map(tallyOf)
}

function tallyOf(row: Record<keyof Tally, string | number>): Tally {
  return { action: Number(row.action), wave: Number(row.wave), count: Number(row.count) }
}

function talliesOf(rollout: Rollout, own: readonly ZoneTally[], tallies: Tallies) {
  const zones = new Set(own.flatMap(({ zone, waiting }) => (waiting > 0 ? [zone] : [])))
  const byWave = rollout.waves.map((_, wave): WaveTally => {
    const rows = own.filter((each) => each.wave === wave)
    const sum = (of: 'waiting' | 'inFlight' | 'succeeded' | 'ended') =>
      rows.reduce((total, each) => total + each[of], 0)
    const count = (counted: Counts) => counted.get(`${rollout.actionId} ${wave}`) ?? 0
    const failed = count(tallies.failed)
    return {
      ...EMPTY_TALLY,
      waiting: sum('waiting'),
      inFlight: sum('inFlight'),
      succeeded: sum('succeeded'),
      failed,
      endedOtherwise: Math.max(0, sum('ended') - failed),
      waitingConnected: count(tallies.connected),
      troubled: count(tallies.troubled),
      silent: count(tallies.silent),
    }
  })
  return { zones: [...zones].sort(), byWave }
}

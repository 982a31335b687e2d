/** Who waits for a berth, and could be given one: of all rollouts in one query. */
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { CLOCK_ERROR_MS_MAX, type Instant } from '../base/clock.ts'
import type { EndpointId, UpgradeActionId } from '../base/ids.ts'
import type { CandidatesWanted } from '../domain/rollout/candidates-wanted.ts'
import type { Candidate } from '../domain/rollout/picture.ts'
import type { Reader } from './open.ts'

export type CandidatesAsked = {
  readonly wanted: readonly CandidatesWanted[]
  /** No cluster moves. */
  readonly mayLead: boolean
  readonly heardSince: Instant
  readonly now: Instant
}

/**
 * In the order of their turn. Of clusters one endpoint of each wave: those that would not get a
 * berth would otherwise take the places of those that do.
 */
export async function loadCandidates(
  reader: Reader,
  asked: CandidatesAsked,
): Promise<ReadonlyMap<UpgradeActionId, readonly Candidate[]>> {
  if (asked.wanted.length === 0) return new Map()
  const machines = await loadWaiting(reader, asked, {
    who: sql<SqlBool>`cluster is null`,
    most: sql<number>`asked.most`,
  })
  const leaders = asked.mayLead
    ? await loadWaiting(reader, asked, { who: MAY_LEAD, most: sql<number>`1` })
    : []
  const byAction = Map.groupBy([...machines, ...leaders], ({ action }) => action)
  return new Map(
    [...byAction].map(([action, rows]) => {
      return [action as UpgradeActionId, rows.map(candidateOf).sort(byTurn)] // As they are stored.
    }),
  )
}

/**
 * Where no endpoint is in a cluster, nothing that waits is looked at for one. What a leader has
 * said of its cluster ends the upgrades of all others at their next check-ins: they lead no more.
 */
const MAY_LEAD = sql<SqlBool>`cluster <> '' and (facts -> 'cluster' ->> 'mayUpgrade')::boolean
  and exists (select from endpoint as member where member.cluster <> '')
  and not exists (
    select from endpoint as member join upgrade as said on said.endpoint_id = member.id
    where member.cluster = endpoint.cluster and said.action_id = upgrade.action_id
      and said.state in ('succeeded', 'rolled-back', 'failed')
  )`

/** Members of a cluster whose image moves wait for their pods, and for no berth. */
const FOLLOWING = ['moved-with-cluster', 'awaiting-cluster']

type Which = { readonly who: RawBuilder<SqlBool>; readonly most: RawBuilder<number> }

type WaitingRow = {
  readonly action: number
  readonly wave: number
  readonly endpoint_id: string
  readonly zone: string
  readonly cluster: string | null
}

async function loadWaiting(
  reader: Reader,
  { wanted, heardSince, now }: CandidatesAsked,
  { who, most }: Which,
): Promise<readonly WaitingRow[]> {
  const asked = wanted.flatMap(({ rollout, zones, waves }) => {
    return waves.map((wave) => ({ ...wave, action: rollout.actionId, zones }))
  })
  const { rows } = await sql<WaitingRow>`
    select asked.action, asked.wave, waiting.*
    from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
      as asked(action bigint, wave integer, most integer, zones jsonb)
    cross join lateral (
      select upgrade.endpoint_id, upgrade.zone, endpoint.cluster
      from upgrade
        join liveness on liveness.endpoint_id = upgrade.endpoint_id
        join endpoint on endpoint.id = upgrade.endpoint_id
        join release on release.manifest_digest = upgrade.manifest_digest
      where upgrade.action_id = asked.action and upgrade.wave = asked.wave
        and upgrade.finished_at is null and upgrade.deadline_at is null
        and upgrade.state = 'queued'
        and asked.zones ? upgrade.zone and upgrade.reason <> all(${FOLLOWING}::text[])
        and (upgrade.not_before is null or upgrade.not_before <= ${now})
        and release.withdrawn_at is null
        and liveness.last_seen between ${heardSince} and ${now + CLOCK_ERROR_MS_MAX} and ${who}
      order by upgrade.endpoint_id limit ${most}
    ) as waiting`.execute(reader)
  return rows
}

function candidateOf({ endpoint_id, wave, zone, cluster }: WaitingRow): Candidate {
  return {
    endpointId: endpoint_id as EndpointId, // Written by saveUpgradeAction only.
    wave,
    zone,
    cluster: cluster === null ? null : { uid: cluster, mayUpgrade: true },
  }
}

function byTurn(left: Candidate, right: Candidate): number {
  if (left.wave !== right.wave) return left.wave - right.wave
  return left.endpointId < right.endpointId ? -1 : 1
}

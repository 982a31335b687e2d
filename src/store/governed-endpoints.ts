/**
 * Endpoints as upgrade policies see them. The same rules as the domain's `isMeant` and
 * `governingPolicy`, for the database: it counts a fleet in one walk, and finds who is behind.
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { DistributionId, EndpointId, UpgradePolicyId } from '../base/ids.ts'
import type { AgentVersion } from '../base/version.ts'
import type { Scope } from '../domain/access/scope.ts'
import { WAITING_STATES } from '../domain/upgrade/upgrade.ts'
import type { TargetSet } from '../domain/upgrade-policy/follow-releases.ts'
import type { Behind, CensusRow } from '../domain/upgrade-policy/outlook.ts'
import {
  governingPolicy,
  inPrecedence,
  POLICY_ACTOR_PREFIX,
  type UpgradePolicy,
} from '../domain/upgrade-policy/upgrade-policy.ts'
import { isInScope } from './endpoint-query.ts'
import type { Reader } from './open.ts'
import { storedTarget } from './releases.ts'
import { loadUpgradePolicies, type StoredPolicy } from './upgrade-policies.ts'

type Condition = RawBuilder<SqlBool>

/** How many endpoints each policy governs, as far as the scope goes. */
export async function loadCensus(
  reader: Reader,
  policies: readonly UpgradePolicy[],
  scope: Scope,
): Promise<readonly CensusRow[]> {
  const enabled = inPrecedence(policies).filter(({ isEnabled }) => isEnabled)
  if (enabled.length === 0) return []
  const cases = enabled.map((policy) => sql`when ${isMeant(policy)} then ${policy.id}::bigint`)
  const { rows } = await sql<Counted>`
    select policy, platform, arch, libc, version, count(*) as count
    from (
      select case ${sql.join(cases, sql` `)} end as policy, platform, arch, libc, version
      from endpoint where deleted_at is null and ${isInScope(scope)}
    ) as governed
    where policy is not null
    group by policy, platform, arch, libc, version`.execute(reader)
  return rows.map((row) => ({
    policyId: row.policy as UpgradePolicyId, // What is branded was checked before it was stored.
    target: storedTarget(row),
    version: row.version as AgentVersion | null,
    count: row.count,
  }))
}

type Counted = Readonly<Record<'platform' | 'arch' | 'libc', string>> & {
  readonly policy: number
  readonly version: string | null
  readonly count: number
}

export type FollowersWanted = {
  /** All; who comes first governs. */
  readonly policies: readonly UpgradePolicy[]
  readonly policy: UpgradePolicy
  readonly set: TargetSet
  /** Those that were last seen before that are lost. */
  readonly lostSince: Instant
  /** By id, those after this one; empty: from the first. */
  readonly after: string
  readonly limit: number
}

/**
 * Endpoints that the policy has not ordered this version for since its rules were changed, that
 * have an older one, and in which nobody else's upgrade is open. What other policies ordered and
 * nobody has begun gives way, if it is another version. By id.
 */
export async function loadFollowers(
  reader: Reader,
  wanted: FollowersWanted,
): Promise<readonly EndpointId[]> {
  const { policies, policy, set, lostSince, after, limit } = wanted
  const precedence = inPrecedence(policies)
  const earlier = precedence.slice(
    0,
    precedence.findIndex(({ id }) => id === policy.id),
  )
  const governed = [
    isMeant(policy),
    ...earlier.filter(({ isEnabled }) => isEnabled).map((each) => sql`not (${isMeant(each)})`),
  ]
  const { rows } = await sql<{ id: string }>`
    select endpoint.id
    from endpoint
      join liveness on liveness.endpoint_id = endpoint.id
      join (values ${sql.join(set.builds.flatMap(buildRows))})
        as build(on_platform, on_arch, on_libc, digest, wanted, from_version)
        on platform = on_platform and arch = on_arch and libc = on_libc and version = from_version
    where deleted_at is null and endpoint.id > ${after} and last_seen > ${lostSince}
      and not skipped @> jsonb_build_array(jsonb_build_object('manifestDigest', digest))
      and ${sql.join(governed, sql` and `)}
      and not exists (
        select from upgrade join upgrade_policy_order as ordered using (action_id)
        where upgrade.endpoint_id = endpoint.id and ${LAST_VERSION} = wanted
          and ordered.policy_id = ${policy.id} and ordered.generation = ${policy.generation}
      )
      and not exists (
        select from upgrade join upgrade_action on upgrade_action.id = action_id
        where upgrade.endpoint_id = endpoint.id and finished_at is null and not (
          state = any(${[...WAITING_STATES]}::text[]) and ${LAST_VERSION} <> wanted
          and created_by like ${`${POLICY_ACTOR_PREFIX}%`}
        )
      )
    order by endpoint.id limit ${limit}`.execute(reader)
  return rows.map(({ id }) => id as EndpointId) // As they are stored.
}

/** The version that an upgrade is all about, behind every step. */
const LAST_VERSION = sql`coalesce(upgrade.steps -> -1 ->> 'version', upgrade.target_version)`

function buildRows({ target, release, fromVersions }: Behind): RawBuilder<unknown>[] {
  const { platform, arch, libc } = target
  const { manifestDigest, version } = release
  return fromVersions.map((from) => {
    return sql`(${platform}, ${arch}, ${libc}, ${manifestDigest}::text, ${version}, ${from})`
  })
}

/** Sets of ids are found once for the whole walk, by the index of tags. */
function isMeant({ rules }: UpgradePolicy): Condition {
  const { tags, distributionIds, platforms, excludedTags } = rules
  const conditions: RawBuilder<unknown>[] = [sql`true`]
  if (platforms.length > 0) conditions.push(sql`platform = any(${[...platforms]}::text[])`)
  if (distributionIds.length > 0) {
    conditions.push(sql`distribution_id = any(${[...distributionIds]}::text[])`)
  }
  if (tags.length > 0) conditions.push(sql`endpoint.id in ${taggedWith(tags)}`)
  if (excludedTags.length > 0) conditions.push(sql`endpoint.id not in ${taggedWith(excludedTags)}`)
  return sql`(${sql.join(conditions, sql` and `)})`
}

function taggedWith(tags: readonly string[]): RawBuilder<unknown> {
  return sql`(
    select endpoint_id from endpoint_tag where is_listed and tag = any(${[...tags]}::text[])
  )`
}

/** The policy that governs an endpoint; null: none does, or there is no such endpoint. */
export async function loadGoverningPolicy(
  reader: Reader,
  endpointId: EndpointId,
): Promise<StoredPolicy | null> {
  const row = await reader
    .selectFrom('endpoint')
    .select(['platform', 'arch', 'libc', 'distribution_id', 'server_tags'])
    .select(sql<readonly string[]>`facts -> 'endpointTags'`.as('agent_tags'))
    .where('id', '=', endpointId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) return null
  return governingPolicy(await loadUpgradePolicies(reader), {
    target: storedTarget(row),
    distributionId: row.distribution_id as DistributionId, // As it is stored.
    tags: { server: row.server_tags, agent: row.agent_tags },
  })
}

/**
 * The agents of a cluster are pods of one DaemonSet, and that has one image: naming some of them
 * moves all. So they are taken together or left together, and whoever orders it must be allowed to
 * move them all.
 */
import type {
  CLUSTER_REASONS,
  Eligibility,
  IneligibleReason,
  UpgradeCandidate,
} from './eligibility.ts'

/**
 * Of a cluster's endpoints that nobody named, those come along that were heard of in this time:
 * machines of clusters come and go, and what is gone for good would wait until the action expires.
 */
export const MATES_SEEN_WITHIN_MS = 3_600_000

export type AssessedEndpoint = {
  /** Null: it moves alone. */
  readonly cluster: UpgradeCandidate['cluster']
  /** Whoever orders it may see it. */
  readonly isInScope: boolean
  readonly verdict: Eligibility
}

export type Assessed = {
  readonly named: readonly AssessedEndpoint[]
  /** Of the same clusters, and not named. */
  readonly mates: readonly AssessedEndpoint[]
}

/** What keeps no other pod from moving: it is there already, or there is nobody to move. */
const HARMLESS: ReadonlySet<IneligibleReason> = new Set([
  'already-at-version',
  'never-checked-in',
  'endpoint-deleted',
])

export type ClustersWhole = {
  /** In the order in which they were named. */
  readonly named: readonly Eligibility[]
  readonly along: readonly Extract<Eligibility, { kind: 'eligible' }>[]
}

export function moveClustersWhole({ named, mates }: Assessed): ClustersWhole {
  const clusters = new Map<string, ClusterVerdict>()
  for (const [uid, members] of Map.groupBy([...named, ...mates], uidOf)) {
    if (uid !== null) clusters.set(uid, verdictOn(uid, members))
  }
  const told = named.map((each) => {
    const uid = uidOf(each)
    const reason = uid === null ? null : clusters.get(uid)
    if (each.verdict.kind === 'ineligible' || !reason) return each.verdict
    const { endpointId, release } = each.verdict
    const { platform } = release.target
    return { kind: 'ineligible', endpointId, reason, platform } as const
  })
  const moving = new Set(
    named.filter((_, index) => told[index]?.kind === 'eligible').map((each) => uidOf(each)),
  )
  const along = mates.filter((each) => moving.has(uidOf(each))).map((each) => each.verdict)
  return { named: told, along: along.filter((verdict) => verdict.kind === 'eligible') }
}

/** Null: it can be moved. */
type ClusterVerdict = (typeof CLUSTER_REASONS)[number] | null

function uidOf({ cluster }: AssessedEndpoint): string | null {
  return cluster === null ? null : cluster.uid
}

/** In order of precedence: the first that applies is the answer. */
function verdictOn(uid: string, members: readonly AssessedEndpoint[]): ClusterVerdict {
  // Agents that may not read their DaemonSet do not know which it is, and nobody can move it.
  const isGranted = uid !== '' && members.some((each) => each.cluster?.mayUpgrade)
  if (!isGranted) return 'cluster-upgrade-not-granted'
  if (members.some((each) => !each.isInScope)) return 'cluster-outside-scope'
  const isMixed = members.some(
    ({ verdict }) => verdict.kind === 'ineligible' && !HARMLESS.has(verdict.reason),
  )
  return isMixed ? 'cluster-mixed' : null
}

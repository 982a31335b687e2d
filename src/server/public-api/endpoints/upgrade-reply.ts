import type * as z from 'zod'
import type { UpgradeActionId } from '../../../base/ids.ts'
import type { Platform } from '../../../base/platform.ts'
import type { AgentVersion } from '../../../base/version.ts'
import type { orderedUpgradeReply } from '../../../contract/public/endpoints.ts'
import type {
  Ineligible,
  UpgradeActionCreated,
} from '../../../domain/upgrade/create-upgrade-action.ts'
import type { IneligibleReason } from '../../../domain/upgrade/eligibility.ts'
import { finalVersion } from '../../../domain/upgrade/upgrade.ts'

/** Named one by one in a reply: enough to see what is wrong, too few to fill it. */
const INELIGIBLE_NAMED_MAX = 100

export const PLATFORM_LABELS: Readonly<Record<Platform, string>> = {
  windows: 'Windows',
  linux: 'Linux',
  macos: 'macOS',
  android: 'Android',
}

export const INELIGIBLE_TEXTS: Readonly<Record<IneligibleReason, string>> = {
  'unknown-endpoint': 'not found',
  'endpoint-deleted': 'deleted',
  'never-checked-in': 'enrolled but not checked in yet',
  'disconnected-too-long': 'left out: not heard of for too long',
  'excluded-by-tag': 'left out: it has a tag that was excluded',
  'no-target-for-platform': 'left out: no target version for this platform',
  'no-release-for-target': 'left out: the version is not released for its architecture',
  'release-withdrawn': 'left out: the release was withdrawn',
  'already-at-version': 'already at the target version',
  'newer-version-installed': 'left out: a newer version is installed',
  'agent-below-floor': 'left out: too old an agent to upgrade from',
  'os-below-floor': 'left out: too old an operating system for the release',
  'kernel-below-floor': 'left out: too old a kernel for the release',
  'floor-not-comparable': "left out: its versions cannot be compared with the release's floors",
  'version-failed-here': 'left out: the version failed there before (retry_failed tries again)',
  'upgrade-in-progress': 'left out: another upgrade is in progress',
  'cluster-upgrade-not-granted': 'left out: the agent may not move the image of its cluster',
  'cluster-outside-scope': 'left out: other endpoints of the cluster are outside your scope',
  'cluster-mixed': 'left out: another endpoint of the cluster cannot be upgraded to this version',
}

/**
 * The documented wording of `summary` and `details`, one line per platform and version, then one
 * per reason.
 */
export function renderUpgradeAction(
  actionId: UpgradeActionId,
  created: UpgradeActionCreated,
): z.output<typeof orderedUpgradeReply> {
  const summary = 'Upgrade action created successfully.'
  return { summary, ...renderOrder(created), group_action_id: actionId }
}

/** What an order comes to, whether it is carried out or was only tried. */
export function renderOrder(created: UpgradeActionCreated) {
  const { ineligible } = created
  return {
    details: [...queuedLines(created), ...alongLines(created), ...ineligibleLines(ineligible)],
    endpoints_count: created.upgrades.length,
    ineligible: ineligible.slice(0, INELIGIBLE_NAMED_MAX).map((each) => {
      return { endpoint_id: each.endpointId, reason: each.reason }
    }),
    ineligible_count: ineligible.length,
  }
}

function queuedLines(created: UpgradeActionCreated): string[] {
  const counts = new Map<AgentVersion, number>()
  for (const upgrade of created.upgrades) {
    const version = finalVersion(upgrade)
    counts.set(version, (counts.get(version) ?? 0) + 1)
  }
  const targets = new Set(created.action.targetVersions.values())
  if ([...counts.keys()].some((version) => !targets.has(version))) {
    // On the way back, endpoints of one platform go to versions of their own.
    return [...counts].map(([version, count]) => {
      return `${endpoints(count)} queued for upgrade to ${version}`
    })
  }
  // An action's targets name each platform once, in the order of the request.
  return [...created.action.targetVersions].flatMap(([platform, version]) => {
    const count = created.platforms.get(platform) ?? 0
    if (count === 0) return []
    return [`${PLATFORM_LABELS[platform]}: ${endpoints(count)} queued for upgrade to ${version}`]
  })
}

/** Who named some of a cluster moves all of it, and is told. */
function alongLines({ along }: UpgradeActionCreated): string[] {
  if (along.length === 0) return []
  const who = along.length === 1 ? '1 of these endpoints was' : `${along.length} of these were`
  return [`${who} not named and moves along: the agents of a cluster have one image`]
}

/** One line per platform and reason; endpoints that nobody knows have no platform. */
export function ineligibleLines(ineligible: readonly Ineligible[]): string[] {
  const counts = new Map<string, { readonly each: Ineligible; count: number }>()
  for (const each of ineligible) {
    const key = `${each.platform} ${each.reason}`
    const counted = counts.get(key) ?? { each, count: 0 }
    counts.set(key, { each, count: counted.count + 1 })
  }
  return [...counts.values()].map(({ each, count }) => {
    const label = each.platform === null ? '' : `${PLATFORM_LABELS[each.platform]}: `
    return `${label}${endpoints(count)} ${INELIGIBLE_TEXTS[each.reason]}`
  })
}

function endpoints(count: number): string {
  return count === 1 ? '1 endpoint' : `${count} endpoints`
}

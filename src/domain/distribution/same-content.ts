import type { AgentVersion } from '../../base/version.ts'
import { type AskedOrder, type DistributionOrder, NO_LIMITS } from './distribution.ts'

/**
 * Whether an order asks for what an earlier one did, its name aside. Tags are a set, and so are the
 * labels of a node selector. As for the version: the same number is the same; so is the newest,
 * when the earlier order asked for the newest too (whatever that was then), or got what is the
 * newest now.
 */
export function isSameContent(
  earlier: DistributionOrder,
  asked: AskedOrder,
  newest: AgentVersion | null,
): boolean {
  if (contentOf(earlier) !== contentOf(asked)) return false
  if (asked.version !== null) return asked.version === earlier.version
  return earlier.asksNewest === true || earlier.version === newest
}

/** Everything but name and version, in one spelling. */
function contentOf(order: Omit<DistributionOrder, 'name' | 'version'>): string {
  const { description, kind, platform, endpointTags, proxy, clusterName, placement } = order
  const { endpointsMax, until } = order.limits ?? NO_LIMITS
  const selector = Object.entries(placement?.nodeSelector ?? {}).map((label) => label.join('='))
  return JSON.stringify([
    [description, kind, platform, clusterName],
    endpointTags.toSorted(),
    proxy,
    [placement?.flavour ?? null, placement?.namespace ?? null, selector.toSorted()],
    [placement?.runOnMasterNode ?? null, placement?.runOnAllNodes ?? null],
    [endpointsMax, until],
  ])
}

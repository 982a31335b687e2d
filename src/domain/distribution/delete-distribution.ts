import type { Instant } from '../../base/clock.ts'
import type { DistributionId } from '../../base/ids.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { Distribution } from './distribution.ts'

export type DeleteDistributionRefusal = {
  readonly code: 'distribution-unknown'
  readonly distributionId: DistributionId
}

/**
 * It takes no new endpoints from now on, whatever its state was; those that it has go on. One that
 * was deleted before is as unknown as one that never was.
 */
export function decideDeleteDistribution(
  distribution: Distribution | null,
  command: { readonly id: DistributionId },
  now: Instant,
): Result<
  { readonly before: Distribution; readonly after: Distribution },
  DeleteDistributionRefusal
> {
  if (distribution === null || distribution.state === 'withdrawn') {
    return refuse({ code: 'distribution-unknown', distributionId: command.id })
  }
  const after = { ...distribution, state: 'withdrawn', modifiedAt: now } as const
  return accept({ before: distribution, after })
}

import type { Clock } from '../../../base/clock.ts'
import type { DistributionId } from '../../../base/ids.ts'
import { accept } from '../../../base/result.ts'
import { deleteDistributionCall } from '../../../contract/public/distributions.ts'
import { decideDeleteDistribution } from '../../../domain/distribution/delete-distribution.ts'
import { saveAudit } from '../../../store/audit.ts'
import {
  deleteWithdrawn,
  lockDistribution,
  saveDistribution,
} from '../../../store/distributions.ts'
import { deleteRevokedTokens } from '../../../store/enrolment.ts'
import type { Database } from '../../../store/open.ts'
import { deletePackages } from '../../../store/packages.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { auditedDistribution } from './audited-distribution.ts'

/** For so long whoever shows its token is told that it was deleted, and not that it is unknown. */
const REMEMBERED_MS = 365 * 86_400_000
/** At each deletion more than come: so their number has an end. */
const FORGOTTEN_MAX = 100

/** `POST distributions/delete`: nobody enrols with it any more; its endpoints go on. */
export const deleteDistributionRoute: PublicRoute<
  { readonly database: Database; readonly clock: Clock },
  typeof deleteDistributionCall
> = {
  call: deleteDistributionCall,
  permission: 'distributions.edit',
  async answer(needs, request) {
    const id = request.data.distribution_id as DistributionId // The schema checked its spelling.
    return await needs.database.write(async (tx) => {
      const now = needs.clock.now()
      const decided = decideDeleteDistribution(await lockDistribution(tx, id), { id }, now)
      if (!decided.ok) return decided
      const { before, after } = decided.value
      await saveDistribution(tx, after)
      await deletePackages(tx, id)
      await deleteRevokedTokens(tx, id)
      await deleteWithdrawn(tx, { before: now - REMEMBERED_MS, limit: FORGOTTEN_MAX })
      const description = `Deleted the distribution '${before.name}'`
      const change = { action: 'distribution.delete', subject: id, description }
      await saveAudit(tx, audited(request, now, { ...change, before: auditedDistribution(before) }))
      return accept(true as const)
    })
  },
}

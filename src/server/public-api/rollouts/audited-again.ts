import type { Instant } from '../../../base/clock.ts'
import type { AuditEntry } from '../../../store/audit.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRequest } from '../../http/route.ts'
import { auditedIds, endpointsText } from '../endpoints/meant-endpoints.ts'
import type { Ordered } from '../endpoints/order-upgrades.ts'

/** The audit entry of an order that comes of an earlier action. */
export function auditedAgain(again: {
  /** Behind the number of endpoints: `of action 17 once more`. */
  readonly description: string
  readonly request: PublicRequest<Readonly<Record<string, unknown>>>
  readonly now: Instant
}): (ordered: Ordered) => AuditEntry {
  const { description, request, now } = again
  return ({ actionId, created }) => {
    const ids = created.upgrades.map(({ endpointId }) => endpointId)
    const { endpoint_ids: _, ...asked } = request.data
    return audited(request, now, {
      action: 'upgrade-action.create',
      subject: String(actionId),
      description: `Ordered the upgrade of ${endpointsText(ids.length)} ${description}`,
      after: { request: asked, ...auditedIds(ids) },
    })
  }
}

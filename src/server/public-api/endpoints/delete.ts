import type { Clock } from '../../../base/clock.ts'
import { accept } from '../../../base/result.ts'
import { deleteEndpointsCall } from '../../../contract/public/endpoint-changes.ts'
import { DELETE_ENDPOINTS_MAX } from '../../../contract/public/limits.ts'
import { saveAudit } from '../../../store/audit.ts'
import {
  type ChangedEndpoint,
  holdMeant,
  saveEndpointsDeleted,
} from '../../../store/endpoint-changes.ts'
import type { Database } from '../../../store/open.ts'
import { type AuditedChange, audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { AUDITED_IDS_MAX, endpointsText, meantEndpoints, subjectOf } from './meant-endpoints.ts'

/**
 * `POST endpoints/delete`: they are not listed any more, and their open upgrades end. What is named
 * and not there is passed over: that it is gone is what was asked for.
 */
export const deleteEndpointsRoute: PublicRoute<
  { readonly database: Database; readonly clock: Clock },
  typeof deleteEndpointsCall
> = {
  call: deleteEndpointsCall,
  permission: 'endpoints.edit',
  async answer(needs, request) {
    const now = needs.clock.now()
    return await needs.database.write(async (tx) => {
      const meant = await meantEndpoints(tx, request, { max: DELETE_ENDPOINTS_MAX, now })
      if (!meant.ok) return meant
      const ids = await holdMeant(tx, meant.value, request.actor.scope)
      const deleted = await saveEndpointsDeleted(tx, ids, now)
      if (deleted.length > 0) await saveAudit(tx, audited(request, now, describe(deleted)))
      return accept(true)
    })
  },
}

function describe(deleted: readonly ChangedEndpoint[]): AuditedChange {
  const [first] = deleted
  const what = deleted.length === 1 && first ? first.hostname : endpointsText(deleted.length)
  const before = {
    endpoints: deleted.length,
    deleted: deleted.slice(0, AUDITED_IDS_MAX).map(({ id, hostname }) => {
      return { endpoint_id: id, hostname }
    }),
  }
  const subject = subjectOf(deleted.map(({ id }) => id))
  return { action: 'endpoint.delete', subject, description: `Deleted ${what}`, before }
}

import type { Clock } from '../../../base/clock.ts'
import type { EndpointId } from '../../../base/ids.ts'
import { accept, refuse } from '../../../base/result.ts'
import { updateAgentNameCall } from '../../../contract/public/endpoint-changes.ts'
import { CHANGED_ENDPOINTS_MAX } from '../../../contract/public/limits.ts'
import { saveAudit } from '../../../store/audit.ts'
import { holdMeant, loadAliases, saveAlias } from '../../../store/endpoint-changes.ts'
import type { Database } from '../../../store/open.ts'
import { type AuditedChange, audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import {
  AUDITED_IDS_MAX,
  auditedIds,
  endpointsText,
  inParts,
  meantEndpoints,
  subjectOf,
} from './meant-endpoints.ts'

/** `POST endpoints/update_agent_name`: an alias for endpoints; an empty one takes it away. */
export const updateAgentNameRoute: PublicRoute<
  { readonly database: Database; readonly clock: Clock },
  typeof updateAgentNameCall
> = {
  call: updateAgentNameCall,
  permission: 'endpoints.edit',
  async answer(needs, request) {
    const now = needs.clock.now()
    const { alias } = request.data
    const { read, write } = needs.database
    const asked = { max: CHANGED_ENDPOINTS_MAX, now }
    const meant = await meantEndpoints(read, request, asked)
    if (!meant.ok) return meant
    if (meant.value.length === 0) return refuse({ code: 'no-endpoint-matches' })
    return await inParts(meant.value, (part) =>
      write(async (tx) => {
        const ids = await holdMeant(tx, part, request.actor.scope)
        if (ids.length === 0) return refuse({ code: 'no-endpoint-matches' })
        const before = { aliases: await loadAliases(tx, ids.slice(0, AUDITED_IDS_MAX)) }
        await saveAlias(tx, ids, alias)
        const change = { ...describe(ids, alias), before, after: { alias, ...auditedIds(ids) } }
        await saveAudit(tx, audited(request, now, change))
        return accept(true)
      }),
    )
  },
}

function describe(ids: readonly EndpointId[], alias: string): AuditedChange {
  const many = endpointsText(ids.length)
  const description = alias === '' ? `Took the alias of ${many} away` : `Named ${many} ${alias}`
  return { action: 'endpoint.rename', subject: subjectOf(ids), description }
}

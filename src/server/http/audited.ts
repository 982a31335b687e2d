import type { Instant } from '../../base/clock.ts'
import { type Actor, actorName } from '../../domain/access/actor.ts'
import type { AuditEntry, AuditedParty } from '../../store/audit.ts'
import type { Origin, PublicRequest } from './route.ts'

export type AuditedChange = Pick<AuditEntry, 'action' | 'subject' | 'description'> &
  Partial<Pick<AuditEntry, 'before' | 'after'>>

/** The audit entry of a change that a call makes; saved in the transaction that makes it. */
export function audited(
  request: Pick<PublicRequest, 'actor' | 'origin'>,
  at: Instant,
  change: AuditedChange,
): AuditEntry {
  const by = partyOf(request.actor, request.origin)
  return { at, by, result: 'success', reason: null, before: null, after: null, ...change }
}

export function partyOf(actor: Actor, origin: Origin): AuditedParty {
  return {
    name: actorName(actor),
    email: actor.userEmail,
    role: actor.role.name,
    address: origin.address,
    userAgent: origin.userAgent,
  }
}

/**
 * Nobody may lock everybody out: a change of keys, roles, users or groups must leave a key that can
 * edit access everywhere. One that does not expire counts more than one that does: where there is
 * such a key, one must remain, or all would be locked out a little later.
 */
import type { Instant } from '../../base/clock.ts'
import { type Access, type KeyGrant, resolveGrants } from './grants.ts'
import { grants } from './permission.ts'

export type LastLiveKey = { readonly code: 'last-live-key' }

export function locksOut(before: Access, after: Access, now: Instant): boolean {
  const had = editors(before, now)
  const has = editors(after, now)
  return (had.length > 0 && has.length === 0) || (had.some(lasts) && !has.some(lasts))
}

function editors(access: Access, now: Instant): readonly KeyGrant[] {
  const granted = resolveGrants(access)
  return access.keys.filter((key) => {
    const grant = granted.get(key.id)
    if (grant === undefined || grant.scope !== null) return false
    return grants(grant.role.permissions, 'access.edit') && (lasts(key) || isLive(key, now))
  })
}

function lasts(key: KeyGrant): boolean {
  return key.expiresAt === null
}

export function isLive(key: Pick<KeyGrant, 'expiresAt'>, now: Instant): boolean {
  return key.expiresAt === null || key.expiresAt > now
}

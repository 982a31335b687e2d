/**
 * Nobody may lock everybody out: a change of keys, roles, users or groups must leave a key that may
 * do everything everywhere, because nobody hands out what they have not got: what the last key
 * loses is lost to all. Where there is none such, one that can edit access everywhere must remain.
 * One that does not expire counts more than one that does: where there is such a key, one must
 * remain, or all would be locked out a little later.
 */
import type { Instant } from '../../base/clock.ts'
import { type Access, type KeyGrant, resolveGrants } from './grants.ts'
import { grants, PERMISSIONS, type Permission } from './permission.ts'

export type LastLiveKey = { readonly code: 'last-live-key' }

/** What the last key must not lose, the most first. */
const GUARDED: readonly (readonly Permission[])[] = [PERMISSIONS, ['access.edit']]

export function locksOut(before: Access, after: Access, now: Instant): boolean {
  return GUARDED.some((permissions) => {
    const had = editors(before, permissions, now)
    const has = editors(after, permissions, now)
    return (had.length > 0 && has.length === 0) || (had.some(lasts) && !has.some(lasts))
  })
}

/** Those that may do all of it, everywhere. */
function editors(
  access: Access,
  permissions: readonly Permission[],
  now: Instant,
): readonly KeyGrant[] {
  const granted = resolveGrants(access)
  return access.keys.filter((key) => {
    const grant = granted.get(key.id)
    if (grant === undefined || grant.scope !== null) return false
    const may = permissions.every((each) => grants(grant.role.permissions, each))
    return may && (lasts(key) || isLive(key, now))
  })
}

function lasts(key: KeyGrant): boolean {
  return key.expiresAt === null
}

export function isLive(key: Pick<KeyGrant, 'expiresAt'>, now: Instant): boolean {
  return key.expiresAt === null || key.expiresAt > now
}

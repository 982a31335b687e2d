import type { Instant } from '../../base/clock.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { Access } from './grants.ts'
import { type LastLiveKey, locksOut } from './last-editor.ts'

export type DeleteApiKeysRefusal = LastLiveKey

/** Ids that are no key are passed over; expired keys can be deleted like any other. */
export function decideDeleteApiKeys(
  access: Access,
  ids: readonly number[],
  now: Instant,
): Result<{ readonly revoked: readonly number[] }, DeleteApiKeysRefusal> {
  const named = new Set(ids)
  const revoked = access.keys.map((key) => key.id).filter((id) => named.has(id))
  const keys = access.keys.filter((key) => !named.has(key.id))
  if (locksOut(access, { ...access, keys }, now)) return refuse({ code: 'last-live-key' })
  return accept({ revoked })
}

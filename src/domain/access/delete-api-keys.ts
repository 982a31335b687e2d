import { accept, type Result, refuse } from '../../base/result.ts'

export type DeleteApiKeysView = {
  /** The ids of the keys that can be used now. */
  readonly live: ReadonlySet<number>
}

export type DeleteApiKeysRefusal = { readonly code: 'last-live-key' }

/**
 * Whoever deletes the last key has locked everybody out, himself included; ids that are no live key
 * are passed over.
 */
export function decideDeleteApiKeys(
  view: DeleteApiKeysView,
  ids: readonly number[],
): Result<{ readonly revoked: readonly number[] }, DeleteApiKeysRefusal> {
  const revoked = [...new Set(ids)].filter((id) => view.live.has(id))
  if (revoked.length > 0 && revoked.length === view.live.size) {
    return refuse({ code: 'last-live-key' })
  }
  return accept({ revoked })
}

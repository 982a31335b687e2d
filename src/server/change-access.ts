import type { Clock } from '../base/clock.ts'
import { type Result, refuse } from '../base/result.ts'
import { loadAccess, lockAccess, type StoredAccess } from '../store/access.ts'
import type { Database, Writer } from '../store/open.ts'
import type { KeyRing } from './http/authenticate.ts'
import type { ApiRefusal } from './http/refusal.ts'

export type ChangeAccessNeeds = {
  readonly database: Database
  readonly clock: Clock
  readonly keyRing: Pick<KeyRing, 'forget'>
}

/**
 * A change of who may do what: decided on all of it, in a serializable transaction, because its
 * rules are about what is not there (two who each delete one of the last two keys at once would
 * leave none). This server goes by it from the next request on.
 */
export async function changeAccess<Value>(
  needs: ChangeAccessNeeds,
  change: (tx: Writer, access: StoredAccess) => Promise<Result<Value, ApiRefusal>>,
): Promise<Result<Value, ApiRefusal>> {
  const outcome = await needs.database.write(async (tx) => {
    await lockAccess(tx)
    return change(tx, await loadAccess(tx))
  }, 'serializable')
  needs.keyRing.forget()
  return outcome
}

/** Null: there is room for another. */
export function refuseBeyond(
  count: number,
  limit: { readonly what: string; readonly most: number },
): Result<never, ApiRefusal> | null {
  return count < limit.most ? null : refuse({ code: 'limit-reached', ...limit })
}

import { accept } from '../../../base/result.ts'
import { healthcheckCall } from '../../../contract/public/system.ts'
import type { PublicRoute } from '../../http/route.ts'

/**
 * `GET healthcheck`: the key that was good was read from the database seconds ago at most; where
 * the database is away, admission has answered 503 before.
 */
export const healthcheckRoute: PublicRoute<unknown, typeof healthcheckCall> = {
  call: healthcheckCall,
  permission: null,
  async answer() {
    return accept({ status: 'available' as const })
  },
}

import { accept } from '../../../base/result.ts'
import { validateApiKeyCall } from '../../../contract/public/api-keys.ts'
import type { PublicRoute } from '../../http/route.ts'

/** `POST api_keys/validate`: whoever gets here has a good key. */
export const validateApiKeyRoute: PublicRoute<unknown, typeof validateApiKeyCall> = {
  call: validateApiKeyCall,
  permission: null,
  async answer() {
    return accept(true as const)
  },
}

import { actionExpirationCalls } from '../../../contract/public/configurations.ts'
import { changeActionExpiry } from '../../../domain/configuration/action-expiry.ts'
import { settingRoutes } from './setting-routes.ts'

/** `configurations/agent/action_center_expiration`: for actions that are ordered from then on. */
export const actionExpirationRoutes = settingRoutes({
  name: 'actionExpiry',
  calls: actionExpirationCalls,
  render: ({ hours }) => hours,
  change: (present, asked) => changeActionExpiry(present, { hours: asked }),
})

import { accept } from '../../../base/result.ts'
import { criticalEnvironmentCalls } from '../../../contract/public/configurations.ts'
import { changeCriticalEnvironment } from '../../../domain/configuration/critical-environment.ts'
import { settingRoutes } from './setting-routes.ts'

/** `configurations/agent/critical_environment_versions`: for what is ordered from then on. */
export const criticalEnvironmentRoutes = settingRoutes({
  name: 'criticalEnvironment',
  calls: criticalEnvironmentCalls,
  render: ({ isEnabled }) => ({ enabled_critical_environment_versions: isEnabled }),
  change(present, asked) {
    const isEnabled = asked.enabled_critical_environment_versions ?? null
    return accept(changeCriticalEnvironment(present, { isEnabled }))
  },
})

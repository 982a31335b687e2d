import { accept } from '../../../base/result.ts'
import { autoUpgradeCalls } from '../../../contract/public/configurations.ts'
import { changeAutoUpgrade } from '../../../domain/configuration/auto-upgrade.ts'
import { settingRoutes } from './setting-routes.ts'

/** `configurations/agent/auto_upgrade`. Less than what runs now cancels nothing. */
export const autoUpgradeRoutes = settingRoutes({
  name: 'autoUpgrade',
  calls: autoUpgradeCalls,
  render: ({ parallelUpgradesMax }) => ({ amount_of_parallel_upgrades: parallelUpgradesMax }),
  change(present, asked) {
    const parallelUpgradesMax = asked.amount_of_parallel_upgrades ?? null
    return accept(changeAutoUpgrade(present, { parallelUpgradesMax }))
  },
})

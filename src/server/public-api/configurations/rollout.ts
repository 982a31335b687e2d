import { accept } from '../../../base/result.ts'
import { canonicalZone } from '../../../base/zone.ts'
import { rolloutCalls } from '../../../contract/public/configurations.ts'
import { changeRolloutDefaults } from '../../../domain/configuration/rollout-defaults.ts'
import { ENDPOINT_ZONE } from '../../../domain/upgrade/window.ts'
import { renderRolloutPolicy, toRolloutPolicy } from '../endpoints/rollout-policy.ts'
import { settingRoutes } from './setting-routes.ts'

/** `configurations/agent/rollout`. What is under way goes on by the policy it was ordered with. */
export const rolloutRoutes = settingRoutes({
  name: 'rollout',
  calls: rolloutCalls,
  render: ({ timeZone, closedDays, policy, checkInsPerS }) => ({
    timezone: timeZone,
    closed_days: closedDays.map(({ from, to }) => ({ from, to })),
    ...renderRolloutPolicy(policy),
    check_ins_per_s: checkInsPerS,
  }),
  change(present, asked) {
    const changed = changeRolloutDefaults(present, {
      timeZone: asked.timezone == null ? null : zoneIn(asked.timezone),
      closedDays: asked.closed_days ?? null,
      policy: toRolloutPolicy(asked, present.policy),
      checkInsPerS: asked.check_ins_per_s ?? null,
    })
    return accept(changed)
  },
})

/** What is no zone is the word for each endpoint's own: nothing else comes through the door. */
function zoneIn(name: string): string {
  return canonicalZone(name) ?? ENDPOINT_ZONE
}

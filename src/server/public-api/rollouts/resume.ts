import { resumeUpgradeCall } from '../../../contract/public/rollout-steering.ts'
import { decideResume } from '../../../domain/rollout/steer-rollout.ts'
import type { PublicRoute } from '../../http/route.ts'
import type { OrderNeeds } from '../endpoints/order-upgrades.ts'
import { steerRollout } from './steer.ts'

/** `POST endpoints/upgrade/resume`: after a halt the failures so far are accepted. */
export const resumeUpgradeRoute: PublicRoute<OrderNeeds, typeof resumeUpgradeCall> = {
  call: resumeUpgradeCall,
  permission: 'upgrades.edit',
  async answer(needs, request) {
    const steer = { verb: 'resume', done: 'Resumed', decide: decideResume } as const
    return await steerRollout(needs, request, steer)
  },
}

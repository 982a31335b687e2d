import { pauseUpgradeCall } from '../../../contract/public/rollout-steering.ts'
import { decidePause } from '../../../domain/rollout/steer-rollout.ts'
import type { PublicRoute } from '../../http/route.ts'
import type { OrderNeeds } from '../endpoints/order-upgrades.ts'
import { steerRollout } from './steer.ts'

/** `POST endpoints/upgrade/pause`: nothing further begins, and what has not switched waits. */
export const pauseUpgradeRoute: PublicRoute<OrderNeeds, typeof pauseUpgradeCall> = {
  call: pauseUpgradeCall,
  permission: 'upgrades.edit',
  async answer(needs, request) {
    return await steerRollout(needs, request, {
      verb: 'pause',
      done: 'Paused',
      decide: (rollout, _tallies, steering) => decidePause(rollout, steering),
    })
  },
}

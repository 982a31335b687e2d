import { skipWaveCall } from '../../../contract/public/rollout-steering.ts'
import { decideSkipWave } from '../../../domain/rollout/steer-rollout.ts'
import type { PublicRoute } from '../../http/route.ts'
import type { OrderNeeds } from '../endpoints/order-upgrades.ts'
import { steerRollout } from './steer.ts'

/** `POST endpoints/upgrade/skip_wave`: the next wave does not wait for the rest of this one. */
export const skipWaveRoute: PublicRoute<OrderNeeds, typeof skipWaveCall> = {
  call: skipWaveCall,
  permission: 'upgrades.edit',
  async answer(needs, request) {
    return await steerRollout(needs, request, {
      verb: 'skip-wave',
      done: 'Skipped a wave of',
      decide: (rollout, _tallies, steering) => decideSkipWave(rollout, steering),
    })
  },
}

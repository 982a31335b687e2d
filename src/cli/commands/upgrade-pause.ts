import { steeringCommand } from '../steering-command.ts'

export const upgradePause = steeringCommand({
  name: 'upgrade pause',
  summary: 'Pause a rollout: nothing further begins',
  note: 'What downloads or is staged stops and waits; what has begun to switch ends by itself.',
  call: 'pause',
})

import { steeringCommand } from '../steering-command.ts'

export const upgradeResume = steeringCommand({
  name: 'upgrade resume',
  summary: 'Let a paused or halted rollout go on',
  note: 'After a halt the failures so far are accepted: the budget of each wave begins anew.',
  call: 'resume',
})

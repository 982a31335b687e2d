import { steeringCommand } from '../steering-command.ts'

export const upgradeSkipWave = steeringCommand({
  name: 'upgrade skip-wave',
  summary: 'Let the next wave begin at once',
  note: 'What the wave before it has left behind goes on beside it.',
  call: 'skipWave',
})

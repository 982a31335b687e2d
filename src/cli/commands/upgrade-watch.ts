import { defineApiCommand } from '../command.ts'
import { ACTION_OPERAND, flawOfAction } from '../option-values.ts'
import { refuseUsage } from '../outcome.ts'
import { watchRollout } from '../watch-rollout.ts'

export const upgradeWatch = defineApiCommand({
  name: 'upgrade watch',
  summary: 'Follow a rollout live: its waves, counts and newest changes',
  notes: [
    'It ends with the rollout; its exit code is 1 when an endpoint did not succeed. A server that',
    'restarts meanwhile is waited for.',
  ],
  operands: [ACTION_OPERAND],
  options: {},
  async run(context, _values, [text = '']) {
    const flaw = flawOfAction(text)
    return flaw === null ? await watchRollout(context, Number(text)) : refuseUsage(flaw)
  },
})

import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { ACTION_OPERAND, flawOfAction } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { steeredLines } from '../rollout-text.ts'

export const upgradePause = defineApiCommand({
  name: 'upgrade pause',
  summary: 'Pause a rollout: nothing further begins',
  notes: ['What downloads or is staged stops and waits; what has begun to switch ends by itself.'],
  operands: [ACTION_OPERAND],
  options: {
    reason: { kind: 'text', value: 'TEXT', help: 'why, for whoever looks at it later' },
  },
  async run({ io, client }, { reason }, [text = '']) {
    const flaw = flawOfAction(text)
    if (flaw !== null) return refuseUsage(flaw)
    const asked = { group_action_id: text, reason: reason ?? null }
    const json = await client.upgrades.pause(asked)
    return accept({ exitCode: EXIT.done, lines: steeredLines(json, io.stdout), json })
  },
})

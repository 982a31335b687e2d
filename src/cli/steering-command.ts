import { accept } from '../base/result.ts'
import { defineApiCommand } from './command.ts'
import { ACTION_OPERAND, flawOfAction } from './option-values.ts'
import { EXIT, refuseUsage } from './outcome.ts'
import { steeredLines } from './rollout-text.ts'

/** A command that does one thing to a rollout, and shows the rollout as it stands then. */
export function steeringCommand(about: {
  readonly name: string
  readonly summary: string
  readonly note: string
  readonly call: 'pause' | 'resume' | 'skipWave'
}) {
  const { name, summary, note, call } = about
  return defineApiCommand({
    name,
    summary,
    notes: [note],
    operands: [ACTION_OPERAND],
    options: {
      reason: { kind: 'text', value: 'TEXT', help: 'why, for whoever looks at it later' },
    },
    async run({ io, client }, { reason }, [text = '']) {
      const flaw = flawOfAction(text)
      if (flaw !== null) return refuseUsage(flaw)
      const json = await client.upgrades[call]({ group_action_id: text, reason: reason ?? null })
      return accept({ exitCode: EXIT.done, lines: steeredLines(json, io.stdout), json })
    },
  })
}

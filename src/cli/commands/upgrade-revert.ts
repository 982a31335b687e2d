import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { isEndpointId } from '../find-endpoints.ts'
import { ACTION_OPERAND, flawOfAction } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { flawOfRollout, ROLLOUT_OPTIONS, rolloutOf } from '../rollout-options.ts'
import { orderedLines } from '../rollout-text.ts'

export const upgradeRevert = defineApiCommand({
  name: 'upgrade revert',
  summary: 'Take back what an action moved, each endpoint to the version it came from',
  notes: ['Endpoints that run another version by now are left as they are.'],
  operands: [ACTION_OPERAND],
  options: {
    endpoint: { kind: 'list', value: 'ID', help: 'only this endpoint' },
    ...ROLLOUT_OPTIONS,
  },
  async run({ client }, values, [text = '']) {
    const { endpoint } = values
    const badId = endpoint.find((id) => !isEndpointId(id))
    const flaw =
      flawOfAction(text) ??
      flawOfRollout(values) ??
      (badId === undefined ? null : `--endpoint is an id of 32 characters, not "${badId}".`)
    if (flaw !== null) return refuseUsage(flaw)
    const endpoint_ids = endpoint.length === 0 ? null : [...endpoint]
    const asked = { group_action_id: text, endpoint_ids, rollout: rolloutOf(values) }
    const json = await client.upgrades.revert(asked)
    return accept({ exitCode: EXIT.done, lines: orderedLines(json), json })
  },
})

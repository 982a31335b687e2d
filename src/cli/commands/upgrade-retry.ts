import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { isEndpointId } from '../find-endpoints.ts'
import { ACTION_OPERAND, flawOfAction } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { orderedLines } from '../rollout-text.ts'

export const upgradeRetry = defineApiCommand({
  name: 'upgrade retry',
  summary: 'Order what failed or expired in an action once more',
  notes: ['It becomes a new action, with the same targets, window and rollout.'],
  operands: [ACTION_OPERAND],
  options: {
    endpoint: { kind: 'list', value: 'ID', help: 'only this endpoint' },
    'retry-failed': { kind: 'flag', help: 'also where the version is known to have failed' },
  },
  async run({ client }, values, [text = '']) {
    const { endpoint, 'retry-failed': retryFailed } = values
    const badId = endpoint.find((id) => !isEndpointId(id))
    const flaw =
      flawOfAction(text) ??
      (badId === undefined ? null : `--endpoint is an id of 32 characters, not "${badId}".`)
    if (flaw !== null) return refuseUsage(flaw)
    const endpoint_ids = endpoint.length === 0 ? null : [...endpoint]
    const asked = { group_action_id: text, endpoint_ids, retry_failed: retryFailed }
    const json = await client.upgrades.retry(asked)
    return accept({ exitCode: EXIT.done, lines: orderedLines(json), json })
  },
})

import type * as z from 'zod'
import { accept } from '../../base/result.ts'
import type { cancelUpgradeReply } from '../../contract/public/upgrade-actions.ts'
import { defineApiCommand } from '../command.ts'
import { isEndpointId } from '../find-endpoints.ts'
import { flawOfWholeNumber } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { counted } from '../print.ts'

export const upgradeCancel = defineApiCommand({
  name: 'upgrade cancel',
  summary: 'Stop an upgrade action where it has not switched',
  notes: [
    'What waits is over at once; what endpoints are at work on they are told to stop with their',
    'next check-in. Its exit code is 1 when it was too late for some.',
  ],
  operands: [{ name: 'ACTION_ID', help: 'what "drydock upgrade list" shows', count: 'one' }],
  options: {
    endpoint: { kind: 'list', value: 'ID', help: 'only this endpoint' },
    reason: { kind: 'text', value: 'TEXT', help: 'why, for whoever looks at it later' },
  },
  async run({ client }, { endpoint, reason }, [text = '']) {
    const range = { least: 1, most: Number.MAX_SAFE_INTEGER }
    const badId = endpoint.find((id) => !isEndpointId(id))
    const flaw =
      flawOfWholeNumber('ACTION_ID', text, range) ??
      (badId === undefined ? null : `--endpoint is an id of 32 characters, not "${badId}".`)
    if (flaw !== null) return refuseUsage(flaw)
    const endpoint_ids = endpoint.length === 0 ? null : [...endpoint]
    const asked = { group_action_id: text, endpoint_ids, reason: reason ?? null }
    const counts = await client.upgrades.cancel(asked)
    const exitCode = counts.too_late > 0 ? EXIT.failed : EXIT.done
    return accept({ exitCode, lines: linesOf(counts), json: counts })
  },
})

function linesOf(counts: z.infer<typeof cancelUpgradeReply>): string[] {
  const said: readonly (readonly [number, string])[] = [
    [counts.cancelled, 'cancelled'],
    [counts.cancelling, 'told to stop with the next check-in'],
    [counts.too_late, 'past the switch already'],
    [counts.already_ended, 'ended before'],
    [counts.unknown, 'not in the action'],
  ]
  return said.flatMap(([count, what]) =>
    count === 0 ? [] : [`${counted(count, 'endpoint')} ${what}.`],
  )
}

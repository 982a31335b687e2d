import type * as z from 'zod'
import { accept } from '../../base/result.ts'
import type { orderedUpgradeReply } from '../../contract/public/endpoints.ts'
import { UPGRADE_ENDPOINTS_MAX } from '../../contract/public/limits.ts'
import { type ApiContext, defineApiCommand } from '../command.ts'
import { flawOfWholeNumber } from '../option-values.ts'
import {
  endpointsOf,
  flawOfOrder,
  ORDER_OPTIONS,
  type OrderRequest,
  requestsOf,
} from '../order-options.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { planAll } from '../plan-upgrade.ts'
import { orderedLines } from '../rollout-text.ts'
import { type Ordered, watchToTheEnd } from '../upgrade-outcome.ts'

type Reply = z.infer<typeof orderedUpgradeReply>

/** In the range of a JSON number of seconds; the server ends every action long before. */
const TIMEOUT_S_MAX = 31 * 86_400

export const upgrade = defineApiCommand({
  name: 'upgrade',
  summary: 'Move endpoints to another version',
  notes: [
    `More than ${UPGRADE_ENDPOINTS_MAX} endpoints become several actions, each with waves of its`,
    'own. With --watch the exit code is 1 when any of them did not come to the version, whatever',
    'the reason.',
  ],
  options: {
    ...ORDER_OPTIONS,
    'dry-run': { kind: 'flag', help: 'say what would happen, and order nothing' },
    watch: { kind: 'flag', help: 'until every endpoint has come to its end' },
    timeout: { kind: 'text', value: 'S', help: 'seconds to watch (default: to the end)' },
  },
  async run(context, values) {
    const range = { least: 1, most: TIMEOUT_S_MAX }
    const flaw = flawOfOrder(values) ?? flawOfWholeNumber('--timeout', values.timeout, range)
    if (flaw !== null) return refuseUsage(flaw)
    const ids = await endpointsOf(context.client, values)
    if (!ids.ok) return ids
    const requests = requestsOf(values, ids.value)
    if (values['dry-run']) return planAll(context, requests)
    const replies = await orderUpgrades(context, requests)
    const limitS = values.timeout === undefined ? null : Number(values.timeout)
    const ordered = orderedBy(replies)
    if (!values.watch) {
      const lines = [...replies.flatMap(orderedLines), ...watchHint(ordered)]
      return accept({ exitCode: EXIT.done, lines, json: ordered.json })
    }
    for (const line of replies.flatMap(orderedLines)) context.io.stderr.write(`${line}\n`)
    return watchToTheEnd(context, ordered, limitS)
  },
})

async function orderUpgrades(
  { io, client }: ApiContext,
  requests: readonly OrderRequest[],
): Promise<readonly Reply[]> {
  const replies: Reply[] = []
  for (const request of requests) {
    try {
      replies.push(await client.endpoints.upgrade(request))
    } catch (error) {
      // What was ordered before it goes on: its number must not be lost.
      for (const line of replies.flatMap(orderedLines)) io.stderr.write(`${line}\n`)
      throw error
    }
  }
  return replies
}

function orderedBy(replies: readonly Reply[]): Ordered {
  return {
    actionIds: replies.map((reply) => reply.group_action_id),
    json: { actions: replies },
    isPartial: replies.some(
      ({ ineligible, ineligible_count: count }) =>
        // Beyond those that are told with their reason, nobody knows it.
        count > ineligible.length ||
        ineligible.some(({ reason }) => reason !== 'already-at-version'),
    ),
  }
}

function watchHint({ actionIds: [first] }: Ordered): string[] {
  return first === undefined ? [] : [`Watch it with "drydock upgrade watch ${first}".`]
}

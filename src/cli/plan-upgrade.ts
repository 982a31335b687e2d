import { accept } from '../base/result.ts'
import type { PlannedUpgradeReply } from '../contract/public/endpoints.ts'
import type { ApiContext } from './command.ts'
import type { OrderRequest } from './order-options.ts'
import { EXIT, type Outcome } from './outcome.ts'
import { planLines } from './rollout-text.ts'

/** What the orders would come to; nothing is ordered. */
export async function planAll(
  { io, client }: ApiContext,
  requests: readonly OrderRequest[],
): Promise<Outcome> {
  const replies: PlannedUpgradeReply[] = []
  for (const request of requests) {
    replies.push(await client.endpoints.planUpgrade({ ...request, dry_run: true }))
  }
  const moment = { output: io.stdout, now: io.clock.now() }
  const lines = replies.flatMap((reply) => planLines(reply, moment))
  return accept({ exitCode: EXIT.done, lines, json: { plans: replies } })
}

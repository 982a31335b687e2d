import type { Clock } from '../../../base/clock.ts'
import { digestOf } from '../../../base/digest.ts'
import { type DistributionId, newId } from '../../../base/ids.ts'
import type { Random } from '../../../base/random.ts'
import { accept, refuse } from '../../../base/result.ts'
import { parse } from '../../../contract/parse.ts'
import { createDistribution } from '../../../contract/public/distributions.ts'
import { type Actor, actorName } from '../../../domain/access/permission.ts'
import {
  type CreateDistribution,
  decideCreateDistribution,
} from '../../../domain/distribution/create-distribution.ts'
import type { DistributionOrder } from '../../../domain/distribution/distribution.ts'
import { saveAudit } from '../../../store/audit.ts'
import { saveNewDistribution } from '../../../store/distributions.ts'
import type { Database } from '../../../store/open.ts'
import { saveEffect } from '../../../store/outbox.ts'
import { loadReleases } from '../../../store/releases.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import { enrolmentToken } from '../../enrolment-token.ts'
import type { PublicRoute } from '../../http/route.ts'
import { readOrder } from './read-order.ts'

type Needs = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'keyFor'>
  readonly clock: Clock
  readonly random: Random
  readonly wakeWorker: () => void
}

/**
 * `POST distributions/create`: orders a distribution. The order is durable before the reply; it is
 * built afterwards, and `get_status` tells how that went.
 */
export const createDistributionRoute: PublicRoute<Needs> = {
  method: 'POST',
  path: '/public_api/v1/distributions/create',
  permission: 'distributions.edit',
  async answer(needs, request) {
    const parsed = parse(createDistribution, request.data, ['request_data'])
    if (!parsed.ok) return refuse({ code: 'invalid-request', errors: parsed.refusal })
    const order = readOrder(parsed.value)
    if (!order.ok) return refuse({ code: 'invalid-request', errors: order.refusal })
    const id = newId<DistributionId>(needs.random)
    const tokenDigest = digestOf(enrolmentToken(needs.secret, id))
    const decided = await requestDistribution(
      needs,
      { id, order: order.value, tokenDigest },
      request.actor,
    )
    if (!decided.ok) return decided
    needs.wakeWorker()
    return accept({ distribution_id: id })
  },
}

async function requestDistribution(needs: Needs, command: CreateDistribution, by: Actor) {
  const { id, tokenDigest } = command
  const actor = actorName(by)
  return await needs.database.write(async (tx) => {
    const now = needs.clock.now()
    const releases = await loadReleases(tx, { platform: command.order.platform })
    const decided = decideCreateDistribution({ releases }, command)
    if (!decided.ok) return decided
    const { order } = decided.value
    const made = { state: 'requested', reason: null, message: null } as const
    const distribution = { id, order, ...made, createdAt: now, createdBy: actor }
    await saveNewDistribution(tx, distribution, tokenDigest)
    await saveEffect(tx, { kind: 'build-distribution', subject: id }, now)
    const facts = { name: order.name, description: describeOrder(order) }
    await saveAudit(tx, { at: now, actor, action: 'distribution.create', subject: id, facts })
    return decided
  })
}

function describeOrder(order: DistributionOrder): string {
  const { kind, platform, name, version } = order
  return `Created a ${platform} ${kind} package '${name}' with agent version ${version}`
}

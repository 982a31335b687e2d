import type { Clock } from '../../../base/clock.ts'
import { digestOf } from '../../../base/digest.ts'
import { type DistributionId, newId } from '../../../base/ids.ts'
import type { Random } from '../../../base/random.ts'
import { accept, refuse } from '../../../base/result.ts'
import { createDistributionCall } from '../../../contract/public/distributions.ts'
import { actorName } from '../../../domain/access/actor.ts'
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
import { audited } from '../../http/audited.ts'
import type { PublicRequest, PublicRoute } from '../../http/route.ts'
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
export const createDistributionRoute: PublicRoute<Needs, typeof createDistributionCall> = {
  call: createDistributionCall,
  permission: 'distributions.edit',
  async answer(needs, request) {
    const order = readOrder(request.data)
    if (!order.ok) return refuse({ code: 'invalid-request', errors: order.refusal })
    const id = newId<DistributionId>(needs.random)
    const tokenDigest = digestOf(enrolmentToken(needs.secret, id))
    const decided = await requestDistribution(
      needs,
      { id, order: order.value, tokenDigest },
      request,
    )
    if (!decided.ok) return decided
    needs.wakeWorker()
    return accept({ distribution_id: id })
  },
}

async function requestDistribution(needs: Needs, command: CreateDistribution, by: PublicRequest) {
  const { id, tokenDigest } = command
  const actor = actorName(by.actor)
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
    const change = { action: 'distribution.create', subject: id, after: order }
    const description = describeOrder(order)
    await saveAudit(tx, audited(by, now, { ...change, description }))
    return decided
  })
}

function describeOrder(order: DistributionOrder): string {
  const { kind, platform, name, version } = order
  return `Created a ${platform} ${kind} package '${name}' with agent version ${version}`
}

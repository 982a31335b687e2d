import type { Clock, Instant } from '../../../base/clock.ts'
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
import { loadConfiguration } from '../../../store/configuration.ts'
import {
  lockDistributionName,
  saveNewDistribution,
  saveOrderedAgain,
} from '../../../store/distributions.ts'
import type { Database, Writer } from '../../../store/open.ts'
import { saveEffect } from '../../../store/outbox.ts'
import { loadReleases } from '../../../store/releases.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import { enrolmentToken } from '../../enrolment-token.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRequest, PublicRoute } from '../../http/route.ts'
import { auditedDistribution } from './audited-distribution.ts'
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
 * built afterwards, and `get_status` tells how that went. The same order under the same name gets
 * the same answer, and is built again if that failed.
 */
export const createDistributionRoute: PublicRoute<Needs, typeof createDistributionCall> = {
  call: createDistributionCall,
  permission: 'distributions.edit',
  licensed: 'distributions',
  async answer(needs, request) {
    const order = readOrder(request.data)
    if (!order.ok) return refuse({ code: 'invalid-request', errors: order.refusal })
    const id = newId<DistributionId>(needs.random)
    const tokenDigest = digestOf(enrolmentToken(needs.secret, id))
    const command = { id, order: order.value, tokenDigest }
    const decided = await requestDistribution(needs, command, request)
    if (!decided.ok) return decided
    if (decided.value.kind !== 'existing') needs.wakeWorker()
    return accept({ distribution_id: decided.value.id })
  },
}

async function requestDistribution(needs: Needs, command: CreateDistribution, by: PublicRequest) {
  return await needs.database.write(async (tx) => {
    const now = needs.clock.now()
    // Before anything is read: of two orders under one name at once, the second sees the first.
    const sameName = await lockDistributionName(tx, command.order.name)
    const releases = await loadReleases(tx, { platform: command.order.platform })
    const { criticalEnvironment } = await loadConfiguration(tx)
    const view = { releases, sameName, criticalEnvironment }
    const decided = decideCreateDistribution(view, command)
    if (!decided.ok || decided.value.kind === 'existing') return decided
    const { kind, id, order } = decided.value
    if (kind === 'new') {
      await saveNew(tx, { id, order, tokenDigest: command.tokenDigest }, { by, now })
    } else {
      await saveOrderedAgain(tx, { id, order }, now)
      const description = `Ordered the packages of '${order.name}' again`
      const told = { before: sameName && auditedDistribution(sameName), after: order, description }
      const change = { action: 'distribution.update', subject: id, ...told }
      await saveAudit(tx, audited(by, now, change))
    }
    await saveEffect(tx, { kind: 'build-distribution', subject: id }, now)
    return decided
  })
}

async function saveNew(
  tx: Writer,
  made: Pick<CreateDistribution, 'id' | 'tokenDigest'> & { readonly order: DistributionOrder },
  when: { readonly by: PublicRequest; readonly now: Instant },
): Promise<void> {
  const { id, order, tokenDigest } = made
  const { by, now } = when
  const begun = { state: 'requested', reason: null, message: null } as const
  const distribution = { id, order, ...begun, createdAt: now, createdBy: actorName(by.actor) }
  await saveNewDistribution(tx, distribution, tokenDigest)
  const change = { action: 'distribution.create', subject: id, after: order }
  await saveAudit(tx, audited(by, now, { ...change, description: describeOrder(order) }))
}

/** The original's own sentence, by which its users find the entry. */
function describeOrder({ kind, platform, name, version }: DistributionOrder): string {
  const what = `${PLATFORM_NAMES[platform]} ${KIND_NAMES[kind]} installation package '${name}'`
  return `Created a ${what} with agent version ${version}`
}

const PLATFORM_NAMES: Readonly<Record<DistributionOrder['platform'], string>> = {
  windows: 'Windows',
  linux: 'Linux',
  macos: 'macOS',
  android: 'Android',
}
const KIND_NAMES: Readonly<Record<DistributionOrder['kind'], string>> = {
  standalone: 'Standalone installer',
  'in-place': 'Upgrade',
  kubernetes: 'Kubernetes',
  helm: 'Helm',
}

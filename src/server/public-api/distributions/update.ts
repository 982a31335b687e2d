import type { Clock } from '../../../base/clock.ts'
import { digestOf } from '../../../base/digest.ts'
import type { DistributionId } from '../../../base/ids.ts'
import { invariant } from '../../../base/invariant.ts'
import { accept } from '../../../base/result.ts'
import {
  type UpdateDistributionRequest,
  updateDistributionCall,
} from '../../../contract/public/distributions.ts'
import type { Distribution } from '../../../domain/distribution/distribution.ts'
import {
  type DistributionUpdated,
  decideUpdateDistribution,
  type UpdateDistribution,
} from '../../../domain/distribution/update-distribution.ts'
import { saveAudit } from '../../../store/audit.ts'
import { withCounts } from '../../../store/distribution-list.ts'
import {
  lockDistribution,
  lockDistributionName,
  saveDistribution,
} from '../../../store/distributions.ts'
import { saveTokenRevoked } from '../../../store/enrolment.ts'
import type { Database, Writer } from '../../../store/open.ts'
import { saveEffect } from '../../../store/outbox.ts'
import { deletePackages } from '../../../store/packages.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import { enrolmentToken } from '../../enrolment-token.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { auditedDistribution } from './audited-distribution.ts'
import { renderDistribution } from './distribution-object.ts'

type Needs = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'keyFor'>
  readonly clock: Clock
  readonly wakeWorker: () => void
}

/**
 * `POST distributions/update`: name, description, limits; or a new token, with which its packages
 * are built anew.
 */
export const updateDistributionRoute: PublicRoute<Needs, typeof updateDistributionCall> = {
  call: updateDistributionCall,
  permission: 'distributions.edit',
  async answer(needs, request) {
    const command = toCommand(request.data)
    const { id } = command
    const updated = await needs.database.write(async (tx) => {
      const now = needs.clock.now()
      // The name before the row, as whoever creates one does.
      const holder =
        command.name === undefined ? null : await lockDistributionName(tx, command.name)
      const distribution = await lockDistribution(tx, id)
      const view = { distribution, nameHolder: holder?.id ?? null }
      const decided = decideUpdateDistribution(view, command, now)
      if (!decided.ok) return decided
      const { before, after } = decided.value
      if (after !== before) {
        await saveUpdated(tx, needs, decided.value)
        const change = { action: 'distribution.update', subject: id }
        const told = { before: auditedDistribution(before), after: auditedDistribution(after) }
        const description = describeUpdate(before, after)
        await saveAudit(tx, audited(request, now, { ...change, ...told, description }))
      }
      const [listed] = await withCounts(tx, [after])
      invariant(listed !== undefined, 'each has its counts')
      return accept(listed)
    })
    if (!updated.ok) return updated
    if (command.revokesToken) needs.wakeWorker()
    return accept(renderDistribution(updated.value))
  },
}

function toCommand(wire: UpdateDistributionRequest): UpdateDistribution {
  return {
    id: wire.distribution_id as DistributionId, // The schema checked its spelling.
    name: wire.name,
    description: wire.description,
    limits: { endpointsMax: wire.enrolments_max, until: wire.enrol_until },
    revokesToken: wire.revoke_token ?? false,
  }
}

async function saveUpdated(
  tx: Writer,
  needs: Pick<Needs, 'secret'>,
  updated: DistributionUpdated,
): Promise<void> {
  const { before, after } = updated
  const { id, generation } = after
  await saveDistribution(tx, after)
  if (generation === before.generation) return
  const token = enrolmentToken(needs.secret, id, generation)
  await saveTokenRevoked(tx, id, digestOf(token), after.modifiedAt)
  await deletePackages(tx, id)
  await saveEffect(tx, { kind: 'build-distribution', subject: id }, after.modifiedAt)
}

function describeUpdate(before: Distribution, after: Distribution): string {
  const changes = [
    ...(after.name === before.name ? [] : [`it is called '${after.name}' now`]),
    ...(after.description === before.description ? [] : ['another description']),
    ...(after.limits.endpointsMax === before.limits.endpointsMax
      ? []
      : [`the most endpoints: ${after.limits.endpointsMax ?? 'any number'}`]),
    ...(after.limits.until === before.limits.until ? [] : ['another last day of enrolment']),
    ...(after.generation === before.generation ? [] : ['its token was revoked']),
  ]
  return `Changed the distribution '${before.name}': ${changes.join(', ')}`
}

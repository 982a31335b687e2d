/**
 * What pausing, resuming and skipping have in common: hold the rollouts, look, decide, save, write
 * down who did it, and plan what that opened. Nobody steers what reaches beyond their scope.
 */
import type * as z from 'zod'
import type { Instant } from '../../../base/clock.ts'
import type { UpgradeActionId } from '../../../base/ids.ts'
import { invariant } from '../../../base/invariant.ts'
import { accept, type Result, refuse } from '../../../base/result.ts'
import type {
  SteerRolloutRequest,
  steerRolloutReply,
} from '../../../contract/public/rollout-steering.ts'
import type { Scope } from '../../../domain/access/scope.ts'
import type { WaveTally } from '../../../domain/rollout/picture.ts'
import type { Rollout } from '../../../domain/rollout/rollout.ts'
import type { Steered, Steering, SteerRefusal } from '../../../domain/rollout/steer-rollout.ts'
import { saveAudit } from '../../../store/audit.ts'
import { loadUnbegun, saveBerthsTakenBack } from '../../../store/berths.ts'
import { holdEndpoints } from '../../../store/endpoint-changes.ts'
import type { Reader, Writer } from '../../../store/open.ts'
import { loadWaveCounts, reachOf } from '../../../store/rollout-counts.ts'
import { holdRollouts, loadRollouts, saveRollout } from '../../../store/rollouts.ts'
import { audited } from '../../http/audited.ts'
import type { ApiRefusal } from '../../http/refusal.ts'
import type { PublicRequest } from '../../http/route.ts'
import { loadPicture, planHeld } from '../../work/advance-rollouts.ts'
import type { OrderNeeds } from '../endpoints/order-upgrades.ts'
import { renderRollout } from './rollout-object.ts'

type Steer = {
  /** `pause`: of the audit entry, `rollout.pause`. */
  readonly verb: 'pause' | 'resume' | 'skip-wave'
  /** `Paused`: of its sentence. */
  readonly done: string
  decide(
    rollout: Rollout,
    tallies: readonly WaveTally[],
    steering: Steering,
  ): Result<Steered, SteerRefusal>
}

type Reply = z.output<typeof steerRolloutReply>

export async function steerRollout(
  needs: OrderNeeds,
  request: PublicRequest<SteerRolloutRequest>,
  steer: Steer,
): Promise<Result<Reply, ApiRefusal>> {
  const { reason } = request.data
  // Branding: a number that was never given names no action.
  const actionId = request.data.group_action_id as UpgradeActionId
  const message = reason == null || reason === '' ? null : reason
  const answered = await needs.database.write(async (tx) => {
    await holdRollouts(tx)
    const seen = await loadSteered(tx, actionId, request.actor.scope)
    if (!seen.ok) return seen
    const before = seen.value
    const now = needs.clock.now()
    const tallies = await loadTallies(tx, needs, { actionId, now })
    const decided = steer.decide(before, tallies, { message, now })
    if (!decided.ok) return decided
    const { rollout, takesBack } = decided.value
    if (rollout !== before) {
      await saveSteered(tx, { before, rollout, takesBack }, now)
      const description = `${steer.done} the rollout of action ${actionId}`
      const change = { action: `rollout.${steer.verb}`, subject: String(actionId), description }
      const states = { before: auditedAs(before), after: auditedAs(rollout) }
      await saveAudit(tx, audited(request, now, { ...change, ...states }))
      await planHeld(tx, needs, actionId)
    }
    return accept(await tellRollout(tx, actionId, request.actor.scope))
  })
  if (answered.ok) needs.wakeRollouts()
  return answered
}

/** The rollout, if all that it moves is in the scope. */
async function loadSteered(
  reader: Reader,
  actionId: UpgradeActionId,
  scope: Scope,
): Promise<Result<Rollout, ApiRefusal>> {
  const reach = await reachOf(reader, actionId, scope)
  const rollout = (await loadRollouts(reader, [actionId])).get(actionId)
  if (reach === 'none' || rollout === undefined) {
    return refuse({ code: 'action-unknown', actionId })
  }
  return reach === 'all' ? accept(rollout) : refuse({ code: 'scope-too-narrow' })
}

/** How far its waves are; empty when it is over. */
async function loadTallies(
  reader: Reader,
  { checkInLimits }: OrderNeeds,
  { actionId, now }: { readonly actionId: UpgradeActionId; readonly now: Instant },
): Promise<readonly WaveTally[]> {
  const picture = await loadPicture(reader, checkInLimits, { actionId, now })
  return picture.rollouts[0]?.tallies ?? []
}

async function saveSteered(
  tx: Writer,
  steered: Steered & { readonly before: Rollout },
  now: Instant,
): Promise<void> {
  const { before, rollout, takesBack } = steered
  if (takesBack) await holdEndpoints(tx, await loadUnbegun(tx, [rollout.actionId]))
  await saveRollout(tx, before, rollout)
  if (takesBack) await saveBerthsTakenBack(tx, rollout.actionId, 'rollout-paused', now)
}

function auditedAs({ state, reason, message, currentWave, waves }: Rollout) {
  return { state, reason, message, wave: waves[currentWave]?.name ?? '' }
}

async function tellRollout(
  reader: Reader,
  actionId: UpgradeActionId,
  scope: Scope,
): Promise<Reply> {
  const rollouts = await loadRollouts(reader, [actionId])
  const counts = await loadWaveCounts(reader, [actionId], scope)
  const [rollout] = [...rollouts.values()].map((each) => {
    return renderRollout(each, counts.get(actionId), scope)
  })
  invariant(rollout !== undefined, 'it was there when it was steered')
  return { group_action_id: actionId, rollout }
}

/**
 * Orders what upgrade policies want. Looks first without holding anybody up; only where there is
 * something to order it holds the rollouts, looks again, and orders as a person does: decided,
 * saved, audited and planned in one transaction. Two servers at once order once: who comes second
 * finds what the first one ordered.
 */
import type { UpgradePolicyId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import { accept, type Result } from '../../base/result.ts'
import {
  type CreateUpgradeActionRefusal,
  decideCreateUpgradeAction,
} from '../../domain/upgrade/create-upgrade-action.ts'
import {
  nextTurnAt,
  orderFor,
  type PolicyStep,
  type TargetSet,
} from '../../domain/upgrade-policy/follow-releases.ts'
import { policyActor, type UpgradePolicy } from '../../domain/upgrade-policy/upgrade-policy.ts'
import { SERVER_PARTY, saveAudit } from '../../store/audit.ts'
import type { Writer } from '../../store/open.ts'
import { holdRollouts } from '../../store/rollouts.ts'
import { lockCreateUpgradeActionView } from '../../store/upgrade-candidates.ts'
import { saveUpgradeAction } from '../../store/upgrade-orders.ts'
import {
  hasEnabledPolicy,
  holdUpgradePolicies,
  savePolicyOrder,
  savePolicyRefusal,
} from '../../store/upgrade-policies.ts'
import {
  collectFollowers,
  loadPolicySteps,
  loadStepsOf,
  type Moment,
  type PolicyPicture,
} from '../policy-steps.ts'
import { type AdvanceNeeds, planHeld } from './advance-rollouts.ts'
import type { Work } from './loop.ts'
import { underLease } from './periodic.ts'

/** Woken where something is published, withdrawn or changed; newcomers wait this long at most. */
export const FOLLOW_EVERY_MS = 60_000
/** Endpoints of one action, as of an order. */
const ENDPOINTS_MAX = 5_000

export type FollowNeeds = AdvanceNeeds & {
  readonly log: Log
  readonly wakeRollouts: () => void
}

/** In how long a release begins to count that a policy waits for; null: none does. */
export async function followReleases(needs: FollowNeeds): Promise<number | null> {
  const { read } = needs.database
  const moment = momentOf(needs)
  const picture = await loadPolicySteps(read, null, moment)
  let ordered = 0
  for (const { outlook, sets } of picture.steps) {
    const { policy } = outlook
    for (const set of sets) {
      const some = { policy, set, most: 1, now: moment.now }
      if ((await collectFollowers(read, picture, some)).length === 0) continue
      ordered += await orderAll(needs, policy.id, picture.census)
      break
    }
  }
  if (ordered > 0) needs.wakeRollouts()
  const next = nextTurnAt(picture.steps)
  return next === null ? null : next - moment.now
}

/** The same, as the work of one of several servers. */
export function following(needs: FollowNeeds, owner: string): Work {
  const work: Work = {
    name: 'upgrade-policies',
    everyMs: FOLLOW_EVERY_MS,
    perform: () => followReleases(needs),
  }
  const leased = underLease(work, { ...needs, owner })
  return {
    ...work,
    async perform() {
      // An instance without policies is looked at, and not written to.
      return (await hasEnabledPolicy(needs.database.read)) ? await leased.perform() : null
    },
  }
}

function momentOf({ clock, checkInLimits }: FollowNeeds): Moment {
  return { now: clock.now(), intervalS: checkInLimits.intervalS }
}

/** An action for each set of the policy, as far as somebody can take it; how many. */
async function orderAll(
  needs: FollowNeeds,
  id: UpgradePolicyId,
  census: PolicyPicture['census'],
): Promise<number> {
  return await needs.database.write(async (tx) => {
    await holdRollouts(tx)
    await holdUpgradePolicies(tx)
    const moment = momentOf(needs)
    const picture = await loadStepsOf(tx, census, moment)
    const step = picture.steps.find(({ outlook }) => outlook.policy.id === id)
    let ordered = 0
    let refusal: string | null = null
    for (const set of step?.sets ?? []) {
      const placed = await orderSet(tx, needs, { picture, step, set, moment })
      if (placed === null) continue
      if (placed.ok) ordered += 1
      else refusal = placed.refusal.code
    }
    const isNews = await savePolicyRefusal(tx, id, refusal)
    if (isNews && refusal !== null) {
      needs.log.warn({ policy: id, refusal }, 'an upgrade policy could not order')
    }
    return ordered
  })
}

type Wanted = {
  readonly picture: PolicyPicture
  readonly step: PolicyStep | undefined
  readonly set: TargetSet
  readonly moment: Moment
}

/** Null: nobody is there to take it. */
async function orderSet(
  tx: Writer,
  needs: FollowNeeds,
  { picture, step, set, moment: { now } }: Wanted,
): Promise<Result<true, CreateUpgradeActionRefusal> | null> {
  if (step === undefined) return null
  const { policy } = step.outlook
  const wanted = { policy, set, most: ENDPOINTS_MAX, now }
  const endpointIds = await collectFollowers(tx, picture, wanted)
  if (endpointIds.length === 0) return null
  const command = orderFor(policy, set, endpointIds, picture.settings.rollout.policy)
  const versions = [...new Set(command.targetVersions.values())]
  const view = await lockCreateUpgradeActionView(tx, { endpointIds, versions }, now)
  const { probationS } = needs.checkInLimits
  const decided = decideCreateUpgradeAction({ ...view, probationS }, command, now)
  if (!decided.ok) return decided
  const actionId = await saveUpgradeAction(tx, decided.value, policyActor(policy.id))
  await savePolicyOrder(tx, policy, actionId)
  await saveAudit(tx, entryOf(policy, set, { actionId, count: decided.value.upgrades.length, now }))
  await planHeld(tx, needs, actionId)
  return accept(true)
}

function entryOf(
  policy: UpgradePolicy,
  { targetVersions, isProven }: TargetSet,
  ordered: { readonly actionId: number; readonly count: number; readonly now: number },
) {
  const targets = Object.fromEntries(targetVersions)
  return {
    at: ordered.now,
    by: { ...SERVER_PARTY, name: policyActor(policy.id) },
    action: 'upgrade-action.create',
    subject: String(ordered.actionId),
    result: 'success' as const,
    reason: null,
    description: `The upgrade policy ${policy.name} ordered an upgrade`,
    before: null,
    after: { policy: policy.name, targets, endpoints: ordered.count, isProven },
  }
}

import type { Clock } from '../../../base/clock.ts'
import { accept, refuse } from '../../../base/result.ts'
import {
  getUpgradePoliciesCall,
  type UpgradePolicyObject,
} from '../../../contract/public/upgrade-policies.ts'
import type { Scope } from '../../../domain/access/scope.ts'
import type { PolicyReason, PolicyStep } from '../../../domain/upgrade-policy/follow-releases.ts'
import { findPolicy } from '../../../domain/upgrade-policy/set-upgrade-policy.ts'
import type { Database, Reader } from '../../../store/open.ts'
import type { PublicRoute } from '../../http/route.ts'
import { collectFollowers, loadPolicySteps, type PolicyPicture } from '../../policy-steps.ts'
import { renderPolicyStep } from './upgrade-policy-object.ts'

export type PoliciesNeeds = {
  readonly database: Database
  readonly clock: Clock
  readonly checkInLimits: { readonly intervalS: number }
}

/** `POST endpoints/upgrade/policies/get`, ours: counts as far as the scope goes. */
export const getUpgradePoliciesRoute: PublicRoute<PoliciesNeeds, typeof getUpgradePoliciesCall> = {
  call: getUpgradePoliciesCall,
  permission: 'upgrades.view',
  async answer(needs, request) {
    const shown = await showPolicies(needs.database.read, needs, request.actor.scope)
    const { names = null } = request.data
    if (names === null) return accept({ policies: shown })
    const unknown = names.find((name) => findPolicy(shown, name) === null)
    if (unknown !== undefined) return refuse({ code: 'upgrade-policy-unknown', name: unknown })
    const named = shown.filter((each) => names.some((name) => findPolicy([each], name) !== null))
    return accept({ policies: named })
  },
}

/** As they stand, in their precedence. */
export async function showPolicies(
  reader: Reader,
  { clock, checkInLimits }: Omit<PoliciesNeeds, 'database'>,
  scope: Scope,
): Promise<readonly UpgradePolicyObject[]> {
  const moment = { now: clock.now(), intervalS: checkInLimits.intervalS }
  const picture = await loadPolicySteps(reader, scope, moment)
  const shown: UpgradePolicyObject[] = []
  for (const step of picture.steps) {
    const { id } = step.outlook.policy
    const last = picture.orders
      .filter(({ policyId }) => policyId === id)
      .toSorted((left, right) => right.actionId - left.actionId)[0]
    shown.push(renderPolicyStep(step, last, await reasonOf(reader, picture, step, moment.now)))
  }
  return shown
}

/** Somebody may be behind, and nobody be there to be ordered anything. */
async function reasonOf(
  reader: Reader,
  picture: PolicyPicture,
  step: PolicyStep,
  now: number,
): Promise<string | null> {
  if (step.reason !== null) return step.reason
  const { policy } = step.outlook
  for (const set of step.sets) {
    const some = await collectFollowers(reader, picture, { policy, set, most: 1, now })
    if (some.length === 0) continue
    return picture.policies.find(({ id }) => id === policy.id)?.refusal ?? null
  }
  return 'policy-rest-left-out' satisfies PolicyReason
}

import { invariant } from '../../../base/invariant.ts'
import { accept } from '../../../base/result.ts'
import { UPGRADE_POLICIES_MAX } from '../../../contract/public/limits.ts'
import { setUpgradePolicyCall } from '../../../contract/public/upgrade-policies.ts'
import { actorName } from '../../../domain/access/actor.ts'
import {
  decideSetUpgradePolicy,
  findPolicy,
  type UpgradePolicySet,
} from '../../../domain/upgrade-policy/set-upgrade-policy.ts'
import { saveAudit } from '../../../store/audit.ts'
import type { Writer } from '../../../store/open.ts'
import {
  holdUpgradePolicies,
  loadUpgradePolicies,
  saveNewUpgradePolicy,
  saveUpgradePolicy,
} from '../../../store/upgrade-policies.ts'
import { refuseBeyond } from '../../change-access.ts'
import type { LiveConfiguration } from '../../configuration.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import { type PoliciesNeeds, showPolicies } from './upgrade-policies-get.ts'
import { renderPolicy, toSetUpgradePolicy } from './upgrade-policy-object.ts'

/** `POST endpoints/upgrade/policies/set`, ours. */
export const setUpgradePolicyRoute: PublicRoute<
  PoliciesNeeds & {
    readonly configuration: LiveConfiguration
    readonly wakePolicies: () => void
  },
  typeof setUpgradePolicyCall
> = {
  call: setUpgradePolicyCall,
  permission: 'upgrades.edit',
  licensed: 'upgrades',
  isEverywhere: true, // Whoever enrols later is meant as well.
  async answer(needs, request) {
    const { rollout: defaults } = await needs.configuration.current()
    const command = toSetUpgradePolicy(request.data, actorName(request.actor), defaults)
    const answered = await needs.database.write(async (tx) => {
      await holdUpgradePolicies(tx)
      const now = needs.clock.now()
      const policies = await loadUpgradePolicies(tx)
      const decided = decideSetUpgradePolicy(policies, command, now)
      if (!decided.ok) return decided
      const { kind, after } = decided.value
      const what = { what: 'upgrade policies', most: UPGRADE_POLICIES_MAX }
      const full = kind === 'new' ? refuseBeyond(policies.length, what) : null
      if (full !== null) return full
      await save(tx, decided.value)
      const before = kind === 'new' ? null : renderPolicy(decided.value.before)
      const description = `${kind === 'new' ? 'Made' : 'Changed'} the upgrade policy ${after.name}`
      const change = { action: 'upgrade-policy.set', subject: after.name, description }
      await saveAudit(tx, audited(request, now, { ...change, before, after: renderPolicy(after) }))
      const shown = findPolicy(await showPolicies(tx, needs, null), after.name)
      invariant(shown !== null, 'a policy that was saved is there')
      return accept(shown)
    })
    if (answered.ok) needs.wakePolicies()
    return answered
  },
}

async function save(tx: Writer, decided: UpgradePolicySet): Promise<void> {
  if (decided.kind === 'new') await saveNewUpgradePolicy(tx, decided.after)
  else if (decided.after !== decided.before) await saveUpgradePolicy(tx, decided.after)
}

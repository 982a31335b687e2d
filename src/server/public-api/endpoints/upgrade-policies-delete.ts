import { accept, refuse } from '../../../base/result.ts'
import { deleteUpgradePolicyCall } from '../../../contract/public/upgrade-policies.ts'
import { actorName } from '../../../domain/access/actor.ts'
import { findPolicy } from '../../../domain/upgrade-policy/set-upgrade-policy.ts'
import { saveAudit } from '../../../store/audit.ts'
import {
  deleteUpgradePolicy,
  holdUpgradePolicies,
  loadUpgradePolicies,
} from '../../../store/upgrade-policies.ts'
import { audited } from '../../http/audited.ts'
import type { PublicRoute } from '../../http/route.ts'
import type { PoliciesNeeds } from './upgrade-policies-get.ts'
import { renderPolicy } from './upgrade-policy-object.ts'

/** `POST endpoints/upgrade/policies/delete`, ours. */
export const deleteUpgradePolicyRoute: PublicRoute<
  PoliciesNeeds & { readonly wakePolicies: () => void },
  typeof deleteUpgradePolicyCall
> = {
  call: deleteUpgradePolicyCall,
  permission: 'upgrades.edit',
  licensed: 'upgrades',
  isEverywhere: true, // Its endpoints may come under another policy.
  async answer(needs, request) {
    const answered = await needs.database.write(async (tx) => {
      await holdUpgradePolicies(tx)
      const { name } = request.data
      const policy = findPolicy(await loadUpgradePolicies(tx), name)
      if (policy === null) return refuse({ code: 'upgrade-policy-unknown', name } as const)
      const now = needs.clock.now()
      const by = { changedBy: actorName(request.actor), changedAt: now }
      await deleteUpgradePolicy(tx, policy, by)
      const description = `Deleted the upgrade policy ${policy.name}`
      const change = { action: 'upgrade-policy.delete', subject: policy.name, description }
      await saveAudit(tx, audited(request, now, { ...change, before: renderPolicy(policy) }))
      return accept(true as const)
    })
    if (answered.ok) needs.wakePolicies()
    return answered
  },
}

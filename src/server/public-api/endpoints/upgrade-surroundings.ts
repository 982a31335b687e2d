/** What is needed, beside an upgrade, to say why it waits as things are now. */
import type { Clock, Instant } from '../../../base/clock.ts'
import type { UpgradeActionId } from '../../../base/ids.ts'
import { probationOf } from '../../../domain/endpoint/instruct.ts'
import type { Rollout } from '../../../domain/rollout/rollout.ts'
import type { ClosedDays } from '../../../domain/upgrade/closed-days.ts'
import { isWaiting, type Upgrade } from '../../../domain/upgrade/upgrade.ts'
import type { At, Surroundings } from '../../../domain/upgrade/why-held.ts'
import { loadOfferedManifests } from '../../../store/check-ins.ts'
import type { Database } from '../../../store/open.ts'
import { loadRollouts } from '../../../store/rollouts.ts'
import type { LiveConfiguration } from '../../configuration.ts'
import type { ServerNeeds } from '../../needs.ts'

export type SurroundingsNeeds = {
  readonly database: Database
  readonly clock: Clock
  readonly configuration: LiveConfiguration
  readonly checkInLimits: Pick<ServerNeeds['checkInLimits'], 'intervalS' | 'probationS'>
}

/** Of many upgrades, read at once. */
export type UpgradeSurroundings = {
  readonly now: Instant
  readonly closedDays: readonly ClosedDays[]
  readonly rollouts: ReadonlyMap<UpgradeActionId, Rollout>
  around(upgrade: Upgrade): Surroundings
  at(upgrade: Upgrade): At
}

export async function loadSurroundings(
  needs: SurroundingsNeeds,
  upgrades: readonly Upgrade[],
): Promise<UpgradeSurroundings> {
  const { read } = needs.database
  const { closedDays } = (await needs.configuration.current()).rollout
  const actionIds = [...new Set(upgrades.map(({ actionId }) => actionId))]
  const rollouts = await loadRollouts(read, actionIds)
  const waiting = upgrades.filter(({ state }) => isWaiting(state))
  const offered = await loadOfferedManifests(read, waiting)
  const now = needs.clock.now()
  const rolloutOf = (upgrade: Upgrade) => rollouts.get(upgrade.actionId) ?? null
  return {
    now,
    closedDays,
    rollouts,
    around: (upgrade) => {
      const isReleaseOffered = offered.has(upgrade.manifestDigest)
      return { rollout: rolloutOf(upgrade), isReleaseOffered }
    },
    at: (upgrade) => {
      const probationS = probationOf(rolloutOf(upgrade), needs.checkInLimits)
      return { closedDays, probationS, now }
    },
  }
}

/**
 * The tick of the rollout engine: look, plan, check, save. Nothing else happens here; agents find
 * what was saved at their next check-in. Level-triggered and safe on several servers at once: who
 * plans holds the rollouts, and plans on what is there then.
 */
import type { Clock, Instant } from '../../base/clock.ts'
import type { UpgradeActionId } from '../../base/ids.ts'
import { invariant } from '../../base/invariant.ts'
import { checkPlan } from '../../domain/rollout/check-plan.ts'
import type { FleetPicture } from '../../domain/rollout/picture.ts'
import { type Plan, planRollouts } from '../../domain/rollout/plan-rollouts.ts'
import { berthStandsMs } from '../../domain/upgrade/berth.ts'
import { loadUnbegun, saveBerths, saveBerthsTakenBack } from '../../store/berths.ts'
import { loadConfiguration } from '../../store/configuration.ts'
import { holdEndpoints } from '../../store/endpoint-changes.ts'
import type { Database, Reader, Writer } from '../../store/open.ts'
import { loadFleetPicture } from '../../store/rollout-picture.ts'
import { hasOpenRollouts, holdRollouts, saveRollouts } from '../../store/rollouts.ts'
import type { Work } from './loop.ts'
import { underLease } from './periodic.ts'

/** How long the engine rests where nobody wakes it: what ended elsewhere is noticed by then. */
export const ROLLOUTS_EVERY_MS = 1_000
/** What a plan opened is planned at once; one that never ends would be a bug, and costs little. */
const ROUNDS_MAX = 5

export type AdvanceNeeds = {
  readonly database: Database
  readonly clock: Clock
  readonly checkInLimits: { readonly intervalS: number; readonly probationS: number }
}

/** Plans until there is nothing to plan; how many rollouts changed, and berths were given. */
export async function advanceRollouts(needs: AdvanceNeeds): Promise<number> {
  let done = 0
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const changes = await needs.database.write(async (tx) => {
      await holdRollouts(tx)
      return await planHeld(tx, needs, null)
    })
    done += changes
    if (changes === 0) break
  }
  return done
}

/** The engine as the work of one of several servers. */
export function advancing(needs: AdvanceNeeds, owner: string): Work {
  const work: Work = {
    name: 'rollouts',
    everyMs: ROLLOUTS_EVERY_MS,
    isCostly: true,
    async perform() {
      await advanceRollouts(needs)
      return null
    },
  }
  const leased = underLease(work, { ...needs, owner })
  return {
    ...work,
    async perform() {
      // A quiet instance is looked at, and not written to, every second.
      return (await hasOpenRollouts(needs.database.read)) ? await leased.perform() : null
    },
  }
}

/**
 * One round, of one action or of all; the caller holds the rollouts. How many rollouts changed, and
 * berths were given.
 */
export async function planHeld(
  tx: Writer,
  { clock, checkInLimits }: Omit<AdvanceNeeds, 'database'>,
  actionId: UpgradeActionId | null,
): Promise<number> {
  const now = clock.now()
  const picture = await loadPicture(tx, checkInLimits, { actionId, now })
  const plan = planRollouts(picture, now)
  refuseBroken(picture, plan, now)
  return await savePlan(tx, plan, { until: now + berthStandsMs(checkInLimits.intervalS), now })
}

/** What a plan of now would be made on: of one action, or of all. */
export async function loadPicture(
  reader: Reader,
  { intervalS, probationS }: AdvanceNeeds['checkInLimits'],
  { actionId, now }: { readonly actionId: UpgradeActionId | null; readonly now: Instant },
): Promise<FleetPicture> {
  const settings = await loadConfiguration(reader)
  const heardSince = now - heardWithinMs(intervalS)
  return await loadFleetPicture(reader, { actionId, settings, probationS, heardSince, now })
}

/** Check-ins that may be missed, the jitter of agents and the grain of what is kept of them. */
const HEARD_INTERVALS = 2.5
const HEARD_GRAIN_MS = 60_000

/** Who was heard of within this time is there to be offered something. */
export function heardWithinMs(intervalS: number): number {
  return HEARD_INTERVALS * intervalS * 1000 + HEARD_GRAIN_MS
}

function refuseBroken(picture: FleetPicture, plan: Plan, now: number): void {
  const broken = checkPlan(picture, plan, now)
  invariant(broken.length === 0, `a plan breaks: ${broken.slice(0, 5).join('; ')}`)
}

async function savePlan(
  tx: Writer,
  { rollouts }: Plan,
  moment: { readonly until: number; readonly now: number },
): Promise<number> {
  const halting = rollouts.filter(({ takesBack }) => takesBack).map(({ next }) => next.actionId)
  const unbegun = await loadUnbegun(tx, halting)
  // All of them in one statement, which locks them in one order.
  await holdEndpoints(tx, [...unbegun, ...rollouts.flatMap(({ berths }) => berths)])
  await saveRollouts(tx, rollouts)
  for (const actionId of halting) {
    await saveBerthsTakenBack(tx, actionId, 'rollout-halted', moment.now)
  }
  const given = rollouts.map(({ next, berths }) => {
    return { actionId: next.actionId, endpointIds: berths }
  })
  await saveBerths(tx, given, moment)
  const changed = rollouts.filter(({ before, next }) => next !== before).length
  return changed + rollouts.reduce((sum, { berths }) => sum + berths.length, 0)
}

/**
 * Whom a tick asks for. Of each wave no more than may be put at stake, and of each rollout not much
 * more than its part of the berths: what is asked for and gets none is read for nothing, every
 * second.
 */
import type { Instant } from '../../base/clock.ts'
import { exposureLeft } from './exposure.ts'
import { type Calendar, openZones, type RolloutPicture } from './picture.ts'
import { share } from './plan-rollouts.ts'
import { isMoving, type Rollout } from './rollout.ts'

export type CandidatesWanted = {
  readonly rollout: Rollout
  readonly zones: readonly string[]
  readonly waves: readonly { readonly wave: number; readonly most: number }[]
}

type Seen = Omit<RolloutPicture, 'candidates'>

/** Who waits may not be due yet: others have what these leave. */
const SPARE_FACTOR = 2
const SPARE = 8

/** Nothing is wanted of those that are not named. */
export function candidatesWanted(
  pictures: readonly Seen[],
  berthsFree: number,
  { calendar, now }: { readonly calendar: Calendar; readonly now: Instant },
): readonly CandidatesWanted[] {
  if (berthsFree <= 0) return []
  const wanted = pictures.flatMap((picture) => {
    const { rollout } = picture
    const waves = isMoving(rollout.state) ? openWaves(picture) : []
    const zones = waves.length === 0 ? [] : openZones(picture, calendar, now)
    return zones.length === 0 ? [] : [{ rollout, zones, waves }]
  })
  const shares = share(
    berthsFree,
    wanted.map(({ waves }) => waves.reduce((sum, { most }) => sum + most, 0)),
  )
  return wanted.map((each, index) => {
    const most = Math.min(berthsFree, (shares[index] ?? 0) * SPARE_FACTOR + SPARE)
    const waves = each.waves.map((wave) => ({ ...wave, most: Math.min(wave.most, most) }))
    return { ...each, waves }
  })
}

function openWaves({ rollout, tallies }: Seen): CandidatesWanted['waves'] {
  return rollout.waves.flatMap((_, wave) => {
    const waiting = tallies[wave]?.waitingConnected ?? 0
    const most = Math.min(waiting, exposureLeft(rollout, tallies, wave))
    return wave <= rollout.currentWave && most > 0 ? [{ wave, most }] : []
  })
}

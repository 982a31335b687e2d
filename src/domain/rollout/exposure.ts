/** How much of its failure budget a wave has used, and puts at stake. */
import { EMPTY_TALLY, type WaveTally } from './picture.ts'
import type { Rollout } from './rollout.ts'

/** How many more of the wave may be in flight: its budget holds whatever becomes of them. */
export function exposureLeft(
  rollout: Pick<Rollout, 'waves' | 'forgiven'>,
  tallies: readonly WaveTally[],
  wave: number,
): number {
  const budget = rollout.waves[wave]?.budget ?? null
  if (budget === null) return Number.POSITIVE_INFINITY
  const { inFlight } = tallies[wave] ?? EMPTY_TALLY
  return budget - failuresIn(rollout, tallies, wave) - inFlight
}

/**
 * What of the accepted failures still is one. One that was given up and succeeded after all, or is
 * healthy again, must not make room for another that nobody has accepted.
 */
export function stillForgiven(
  { forgiven }: Pick<Rollout, 'forgiven'>,
  tallies: readonly WaveTally[],
): readonly number[] {
  return forgiven.map((accepted, wave) => {
    const { failed, troubled } = tallies[wave] ?? EMPTY_TALLY
    return Math.min(accepted, failed + troubled)
  })
}

/** Failures of the wave that nobody has accepted. */
export function failuresIn(
  rollout: Pick<Rollout, 'forgiven'>,
  tallies: readonly WaveTally[],
  wave: number,
): number {
  const { failed, troubled } = tallies[wave] ?? EMPTY_TALLY
  return Math.max(0, failed + troubled - (rollout.forgiven[wave] ?? 0))
}

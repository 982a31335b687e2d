/** What a person may do to a rollout, and what the withdrawal of a release does to it. */
import type { Instant } from '../../base/clock.ts'
import type { UpgradeActionId } from '../../base/ids.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import { stillForgiven } from './exposure.ts'
import { EMPTY_TALLY, type WaveTally } from './picture.ts'
import { isMoving, isOver, type Rollout, type RolloutState } from './rollout.ts'

/** In order of precedence. */
export type SteerRefusal =
  | {
      readonly code: 'rollout-over'
      readonly actionId: UpgradeActionId
      readonly state: RolloutState
    }
  | { readonly code: 'last-wave'; readonly actionId: UpgradeActionId }

export type Steered = {
  /** The very same when it is so already: twice is once. */
  readonly rollout: Rollout
  /** Berths and offers that nobody took up yet go back. */
  readonly takesBack: boolean
}

export type Steering = {
  /** Why, in the words of whoever does it; null: nothing was said. */
  readonly message: string | null
  readonly now: Instant
}

/** Nothing further starts; what is before its switch stops and waits. */
export function decidePause(rollout: Rollout, steering: Steering): Result<Steered, SteerRefusal> {
  if (isOver(rollout.state)) return over(rollout)
  if (rollout.state === 'paused') return accept({ rollout, takesBack: false })
  const paused = { state: 'paused', reason: 'paused-by-operator' } as const
  return accept({ rollout: steered(rollout, paused, steering), takesBack: true })
}

/**
 * What failed so far is accepted: the budget of each wave begins anew. Where a wave has come to its
 * end without a success, that is accepted too, and the next one begins.
 */
export function decideResume(
  rollout: Rollout,
  tallies: readonly WaveTally[],
  steering: Steering,
): Result<Steered, SteerRefusal> {
  if (isOver(rollout.state)) return over(rollout)
  if (isMoving(rollout.state)) return accept({ rollout, takesBack: false })
  const forgiven = rollout.waves.map((_, wave) => {
    const { failed = 0, troubled = 0 } = tallies[wave] ?? {}
    return failed + troubled
  })
  // A pause forgives nothing: nobody looked at failures then.
  const kept = rollout.state === 'halted' ? forgiven : stillForgiven(rollout, tallies)
  const currentWave = rollout.currentWave + (isWithoutSuccess(rollout, tallies) ? 1 : 0)
  const going = { state: 'running', reason: 'in-progress', forgiven: kept, currentWave } as const
  return accept({ rollout: steered(rollout, going, steering), takesBack: false })
}

/** It halted for that, and nothing of the wave is left that could succeed. */
function isWithoutSuccess(rollout: Rollout, tallies: readonly WaveTally[]): boolean {
  if (rollout.state !== 'halted' || rollout.reason !== 'wave-without-success') return false
  const { succeeded, waiting, inFlight } = tallies[rollout.currentWave] ?? EMPTY_TALLY
  return succeeded + waiting + inFlight === 0 && rollout.currentWave < rollout.waves.length - 1
}

/** The next wave begins without waiting for the rest of this one. */
export function decideSkipWave(
  rollout: Rollout,
  steering: Steering,
): Result<Steered, SteerRefusal> {
  const { actionId, currentWave } = rollout
  if (isOver(rollout.state)) return over(rollout)
  if (currentWave >= rollout.waves.length - 1) return refuse({ code: 'last-wave', actionId })
  const next = { currentWave: currentWave + 1, soakSince: null }
  return accept({ rollout: steered(rollout, next, steering), takesBack: false })
}

/** Its upgrades are cancelled beside this, one by one. */
export function decideCancelRollout(rollout: Rollout, steering: Steering): Steered {
  if (isOver(rollout.state)) return { rollout, takesBack: false }
  const cancelled = { state: 'cancelled', reason: 'cancelled-by-operator' } as const
  return { rollout: steered(rollout, cancelled, steering), takesBack: false }
}

/** A release that its upgrades move to was withdrawn. */
export function decideHaltWithdrawn(rollout: Rollout, steering: Steering): Steered {
  const isStopped = isOver(rollout.state) || rollout.state === 'paused'
  if (isStopped || rollout.reason === 'release-withdrawn') return { rollout, takesBack: false }
  const halted = { state: 'halted', reason: 'release-withdrawn' } as const
  return { rollout: steered(rollout, halted, steering), takesBack: true }
}

function steered(rollout: Rollout, change: Partial<Rollout>, { message, now }: Steering): Rollout {
  const generation = rollout.generation + 1
  return { ...rollout, message, soakSince: null, ...change, generation, changedAt: now }
}

function over({ actionId, state }: Rollout): Result<Steered, SteerRefusal> {
  return refuse({ code: 'rollout-over', actionId, state })
}

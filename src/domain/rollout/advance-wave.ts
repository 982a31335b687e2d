/**
 * Whether a rollout is to halt, and whether its next wave may begin. A wave is done when nothing of
 * it is in flight and nothing of it waits that could be reached now; what is switched off follows
 * when it is back. Then it is watched for as long as the policy says, and the next one begins only
 * if by then its failures are within the budget, something of it succeeded, and what succeeded is
 * still heard of.
 */
import type { Instant } from '../../base/clock.ts'
import { failuresIn } from './exposure.ts'
import { EMPTY_TALLY, type WaveTally } from './picture.ts'
import type { Rollout } from './rollout.ts'

const MINUTE_MS = 60_000

/** The same rollout when nothing changes. The caller knows that it moves, and is not at its end. */
export function advanceWave(
  rollout: Rollout,
  tallies: readonly WaveTally[],
  now: Instant,
): Rollout {
  const spent = rollout.waves.findIndex((wave, index) => {
    return wave.budget !== null && failuresIn(rollout, tallies, index) >= wave.budget
  })
  if (spent !== -1) {
    return halted(rollout, 'failure-budget-spent', budgetMessage(rollout, tallies, spent))
  }
  const tally = tallies[rollout.currentWave] ?? EMPTY_TALLY
  if (rollout.currentWave >= rollout.waves.length - 1) return underWay(rollout)
  if (tally.inFlight > 0 || tally.waitingConnected > 0) return underWay(rollout)
  if (tally.succeeded === 0) {
    if (tally.failed > (rollout.forgiven[rollout.currentWave] ?? 0)) {
      return halted(rollout, 'wave-without-success', successMessage(rollout, tally))
    }
    // Nobody of it can be reached: the next wave would begin with a version that nobody proved.
    if (tally.waiting > 0) return underWay(rollout)
    // All of it was taken out: deleted, cancelled, or taken over by another order.
    if (tally.failed === 0) {
      return halted(rollout, 'wave-without-success', successMessage(rollout, tally))
    }
  }
  return soaked(rollout, tally, now)
}

function soaked(rollout: Rollout, tally: WaveTally, now: Instant): Rollout {
  const soakMs = rollout.policy.soakMinutes * MINUTE_MS
  if (soakMs === 0) return nextWave(rollout)
  const { soakSince } = rollout
  const reason = rollout.state === 'scheduled' ? rollout.reason : 'soaking'
  // A clock that was set back begins anew: it must not make the soak last for ever.
  if (soakSince === null || soakSince > now) return { ...rollout, soakSince: now, reason }
  if (now < soakSince + soakMs) return { ...rollout, reason }
  const { budget } = rollout.waves[rollout.currentWave] ?? { budget: null }
  const bad = tally.silent + tally.failed + tally.troubled
  const forgiven = rollout.forgiven[rollout.currentWave] ?? 0
  const isSilent = tally.silent > 0 && bad - forgiven >= (budget ?? tally.succeeded + tally.failed)
  return isSilent
    ? halted(rollout, 'wave-went-silent', silenceMessage(rollout, tally))
    : nextWave(rollout)
}

function nextWave(rollout: Rollout): Rollout {
  return underWay({ ...rollout, currentWave: rollout.currentWave + 1, soakSince: null })
}

function underWay(rollout: Rollout): Rollout {
  if (rollout.state !== 'running' || rollout.reason === 'in-progress') return rollout
  return { ...rollout, reason: 'in-progress' }
}

function halted(rollout: Rollout, reason: Rollout['reason'], message: string): Rollout {
  return { ...rollout, state: 'halted', reason, message, soakSince: null }
}

function budgetMessage(rollout: Rollout, tallies: readonly WaveTally[], wave: number): string {
  const { failed, troubled } = tallies[wave] ?? EMPTY_TALLY
  const { name, budget } = rollout.waves[wave] ?? { name: '', budget: null }
  const unhealthy = troubled === 0 ? '' : `, ${troubled} of them unhealthy after it succeeded`
  return `${failed + troubled} failed in wave ${name}, which may have ${budget}${unhealthy}`
}

function successMessage(rollout: Rollout, { failed }: WaveTally): string {
  const name = rollout.waves[rollout.currentWave]?.name ?? ''
  const others = failed === 0 ? 'all of it was taken out' : `${failed} failed`
  return `nothing succeeded in wave ${name}, and ${others}`
}

function silenceMessage(rollout: Rollout, { silent, succeeded }: WaveTally): string {
  const name = rollout.waves[rollout.currentWave]?.name ?? ''
  return `${silent} of ${succeeded} that succeeded in wave ${name} are not heard of any more`
}

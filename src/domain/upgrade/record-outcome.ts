import type { Instant } from '../../base/clock.ts'
import type { AttemptId } from '../../base/ids.ts'
import { cancelled } from './cancel-upgrade.ts'
import {
  isBeforeSwitch,
  isCancelling,
  isFinished,
  type Upgrade,
  type UpgradeState,
} from './upgrade.ts'

/** What an agent says of an attempt, in house words. */
export type AttemptProgress = {
  readonly attemptId: AttemptId
  readonly state: Extract<
    UpgradeState,
    'downloading' | 'staged' | 'switching' | 'on-probation' | 'succeeded' | 'rolled-back' | 'failed'
  >
  readonly percent: number
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly reason: string | null
  readonly message: string | null
}

/**
 * An endpoint that was heard from during an attempt and then says nothing of it for this long is
 * given up: the agent itself ends an attempt within an hour of its last progress, the rest is for
 * machines that were switched off over a weekend.
 */
export const RUNNING_SILENCE_MS = 72 * 3_600_000

/** What the report makes of the upgrade; the same upgrade when it says nothing new. */
export function decideRecordOutcome(
  upgrade: Upgrade,
  progress: AttemptProgress,
  now: Instant,
): Upgrade {
  if (upgrade.attemptId !== progress.attemptId) return upgrade
  if (isFinished(upgrade.state) && !isLateTruth(upgrade.state, progress.state)) return upgrade
  if (isStopped(upgrade, progress)) return cancelled(upgrade, now)
  const { state, percent, bytesDone, bytesTotal } = progress
  // Why somebody cancelled it is said until it has stopped, or did not.
  const isStopping = isCancelling(upgrade) && isBeforeSwitch(state)
  const message = isStopping ? upgrade.message : progress.message
  const reason = state === 'succeeded' ? 'upgraded' : progress.reason
  const isNews =
    upgrade.state !== state ||
    upgrade.percent !== percent ||
    upgrade.bytesDone !== bytesDone ||
    upgrade.reason !== reason ||
    upgrade.message !== message
  if (!isNews) return upgrade
  const deadlineAt = isFinished(state) ? upgrade.deadlineAt : now + RUNNING_SILENCE_MS
  const told = { state, percent, bytesDone, bytesTotal, reason, message }
  return { ...upgrade, ...told, deadlineAt, changedAt: now }
}

/** The agent's own reason for what it stopped when it was told to. */
const STOPPED_REASON = 'cancelled'

function isStopped(upgrade: Upgrade, progress: AttemptProgress): boolean {
  if (upgrade.cancelRequestedAt === null) return false
  return progress.state === 'failed' && progress.reason === STOPPED_REASON
}

/**
 * What the server ended without the endpoint's word may be told otherwise by it: an agent that is
 * past the switch is not stopped any more, neither by a newer action nor by the end of its own.
 */
function isLateTruth(ended: UpgradeState, told: UpgradeState): boolean {
  if (ended === 'timed-out') return isFinished(told)
  const isEndedByServer = ended === 'cancelled' || ended === 'expired'
  return isEndedByServer && (told === 'succeeded' || told === 'rolled-back')
}

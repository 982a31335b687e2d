/** What each code says to a person, where the code is all that is known. */
import type { EndedReason } from '../upgrade/upgrade.ts'
import type { RolloutReason, WaveHold } from './rollout.ts'

export const ENDED_TEXTS: Readonly<Record<EndedReason, string>> = {
  upgraded: 'the new version checked in healthy',
  'already-at-version': 'it had the version already',
  superseded: 'a newer action took over',
  'action-expired': 'it had not begun when the action expired',
  'no-progress': 'it fell silent behind its switch; a late report still corrects this',
  'version-failed-here': 'the version failed there before',
  'cancelled-by-operator': 'somebody cancelled it',
  'endpoint-deleted': 'the endpoint was deleted',
}

export const ROLLOUT_TEXTS: Readonly<Record<RolloutReason, string>> = {
  'awaiting-first-berth': 'nothing has begun yet',
  'in-progress': 'under way',
  soaking: 'the wave is done, and watched before the next one begins',
  'paused-by-operator': 'somebody paused it',
  'failure-budget-spent': 'as many failed as may fail',
  'wave-without-success': 'nothing succeeded in the wave',
  'wave-went-silent': 'what succeeded is not heard of any more',
  'release-withdrawn': 'a release that it moves to was withdrawn',
  'all-ended': 'every upgrade has ended',
  'cancelled-by-operator': 'somebody cancelled it',
}

export const HOLD_TEXTS: Readonly<Record<WaveHold, string>> = {
  none: 'nothing holds it',
  'earlier-wave-unfinished': 'an earlier wave is not done',
  soaking: 'the wave before it is watched',
  'outside-window': 'its window is closed',
  'closed-day': 'it is a closed day',
  'zone-unknown': 'its zone is not known',
  'parallel-limit': 'as many upgrades run as may at once',
  'failure-budget-in-use': 'as many are at work as may fail together',
  'nobody-heard-of': 'nobody who waits was heard of lately',
}

import type { RolloutObject } from '../../contract/public/rollout-object.ts'
import type { UpgradeActionObject } from '../../contract/public/upgrade-actions.ts'
import { NOW } from './terminal.ts'

/** A canary of one, and three behind it. */
export function sampleRollout(more: Partial<RolloutObject> = {}): RolloutObject {
  const wave = { budget: 1, hold: 'none' }
  return {
    ...{ state: 'running', reason: 'in-progress', message: null, current_wave: 0 },
    ...{ soak_until: null, changed_at: NOW },
    policy: {
      ...{ canary: { count: 1 }, waves: [], max_concurrent: null, soak_minutes: 0 },
      ...{ failure_budget: { count: 1, percent: null }, probation_minutes: null },
      ...{ max_attempts: 1, download_rate: null },
    },
    waves: [
      { name: 'canary', size: 1, ...wave, counts: { downloading: 1 } },
      { name: 'rest', size: 3, ...wave, counts: { queued: 3 }, hold: 'earlier-wave-unfinished' },
    ],
    ...more,
  }
}

export function sampleAction(more: Partial<UpgradeActionObject> = {}): UpgradeActionObject {
  return {
    ...{ group_action_id: 7, status: 'open', target_versions: { linux: '8.6.0.2' } },
    ...{ upgrade_timeframe_window: null, retry_failed: false, created_by: 'api-key:1' },
    ...{ created_at: NOW, expires_at: NOW, opens_at: null, endpoints_count: 4 },
    ...{ counts: { queued: 3, downloading: 1 }, rollout: sampleRollout() },
    ...more,
  }
}

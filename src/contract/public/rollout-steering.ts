/**
 * `endpoints/upgrade/pause`, `resume`, `skip_wave`, `retry`, `revert`, `explain`: ours, for whoever
 * sees a rollout through.
 */
import * as z from 'zod'
import { whole } from '../schema.ts'
import { publicCall } from './call.ts'
import { endpointId } from './endpoint-changes.ts'
import { actionNumber, orderedUpgradeReply, timeframeWindow, upgradeDetail } from './endpoints.ts'
import { EXPIRATION_HOURS_MAX, REASON_CHARACTERS_MAX, UPGRADE_ENDPOINTS_MAX } from './limits.ts'
import { rolloutPolicy } from './rollout.ts'
import { rolloutObject } from './rollout-object.ts'

const endpointIds = z
  .array(endpointId)
  .min(1, 'at least one endpoint id, or leave it out for all')
  .max(UPGRADE_ENDPOINTS_MAX, `at most ${UPGRADE_ENDPOINTS_MAX} endpoint ids`)

export const steerRollout = z.strictObject({
  group_action_id: actionNumber,
  /** For whoever looks at it later. */
  reason: z.string().trim().max(REASON_CHARACTERS_MAX).nullish(),
})
export type SteerRolloutRequest = z.output<typeof steerRollout>
/** As it stands now. */
export const steerRolloutReply = z.object({ group_action_id: z.int(), rollout: rolloutObject })

export const retryUpgrade = z.strictObject({
  group_action_id: actionNumber,
  /** Absent: all that failed, were rolled back, were given up or expired. */
  endpoint_ids: endpointIds.nullish(),
  /** Also where the endpoint has the version on its list of those that failed there. */
  retry_failed: z.boolean().nullish(),
})

export const revertUpgrade = z.strictObject({
  group_action_id: actionNumber,
  /** Absent: all that succeeded and still have the version. */
  endpoint_ids: endpointIds.nullish(),
  upgrade_timeframe_window: timeframeWindow.nullish(),
  rollout: rolloutPolicy.nullish(),
  expires_in_hours: whole(1, EXPIRATION_HOURS_MAX).nullish(),
})
export type RevertUpgradeRequest = z.output<typeof revertUpgrade>

export const explainUpgrade = z.strictObject({
  endpoint_id: endpointId,
  /** Absent: its open upgrade, or else its last one. */
  group_action_id: actionNumber.nullish(),
})
export const explainUpgradeReply = z.object({
  endpoint_id: z.string(),
  endpoint_name: z.string(),
  /** One sentence for a person. */
  text: z.string(),
  /** Of its upgrade; null: it has none in the action, or never had one. */
  upgrade: upgradeDetail.nullable(),
  /** What has to happen before it goes on: `none` when it is over. */
  next_step: z.string(),
  /** When that is to be; null: nobody can tell. */
  next_at: z.int().nullable(),
  attempts_max: z.int().nullable(),
  /** When its window is, and in which zone; null: at any time. */
  upgrade_timeframe_window: timeframeWindow.nullable(),
  /** In which its hours are read. */
  zone: z.string().nullable(),
  rollout: rolloutObject.nullable(),
  /** The upgrade policy that governs the endpoint; null: none does. */
  upgrade_policy: z.string().nullish(),
  /**
   * Where nothing is open: whether it can be upgraded to the newest version there is for it (or to
   * the action's), and the code of docs/reasons.md that says why not.
   */
  eligible: z
    .object({ target_version: z.string().nullable(), reason: z.string().nullable() })
    .nullable(),
})

const NAMED = { group_action_id: 17 }
const ROLLOUT_EXAMPLE = {
  state: 'paused',
  reason: 'paused-by-operator',
  message: 'the payload of 8.6.0.5678 is looked at',
  current_wave: 0,
  soak_until: null,
}

export const pauseUpgradeCall = publicCall({
  path: 'endpoints/upgrade/pause',
  summary:
    'Pauses a rollout: nothing further begins, what has not switched stops and waits. Twice is ' +
    'once.',
  origin: 'ours',
  request: steerRollout,
  reply: steerRolloutReply,
  isRepeatable: true,
  examples: [
    {
      name: 'with a reason',
      request: { ...NAMED, reason: ROLLOUT_EXAMPLE.message },
      reply: { ...NAMED, rollout: ROLLOUT_EXAMPLE },
    },
  ],
})
export const resumeUpgradeCall = publicCall({
  path: 'endpoints/upgrade/resume',
  summary:
    'Lets a paused or halted rollout go on. After a halt the failures so far are accepted: the ' +
    'budget of each wave begins anew.',
  origin: 'ours',
  request: steerRollout,
  reply: steerRolloutReply,
  isRepeatable: true,
  examples: [
    {
      name: 'after a halt',
      request: { ...NAMED, reason: 'those two had full disks' },
      reply: {
        ...NAMED,
        rollout: {
          ...{ ...ROLLOUT_EXAMPLE, state: 'running', reason: 'in-progress' },
          message: 'those two had full disks',
        },
      },
    },
  ],
})
export const skipWaveCall = publicCall({
  path: 'endpoints/upgrade/skip_wave',
  summary: 'Lets the next wave of a rollout begin without waiting for the rest of this one.',
  origin: 'ours',
  request: steerRollout,
  reply: steerRolloutReply,
  isRepeatable: false,
  examples: [
    {
      name: 'the soak is cut short',
      request: NAMED,
      reply: {
        ...NAMED,
        rollout: {
          ...{ ...ROLLOUT_EXAMPLE, state: 'running', reason: 'in-progress' },
          ...{ message: null, current_wave: 1 },
        },
      },
    },
  ],
})
export const retryUpgradeCall = publicCall({
  path: 'endpoints/upgrade/retry',
  summary:
    'Orders what failed, was rolled back, was given up or expired in an action once more, as a ' +
    'new action with the same targets, window and policy.',
  origin: 'ours',
  request: retryUpgrade,
  reply: orderedUpgradeReply,
  isRepeatable: false,
  examples: [
    {
      name: 'also where the version failed',
      request: { ...NAMED, retry_failed: true },
      reply: {
        summary: 'Upgrade action created successfully.',
        details: ['Linux: 2 endpoints queued for upgrade to 8.6.0.5678'],
        group_action_id: 18,
        endpoints_count: 2,
        ineligible: [],
        ineligible_count: 0,
      },
    },
  ],
})
export const revertUpgradeCall = publicCall({
  path: 'endpoints/upgrade/revert',
  summary:
    'The way back: orders every endpoint that an action brought to a version, and that still has ' +
    'it, back to the version that it came from, as a new action.',
  origin: 'ours',
  request: revertUpgrade,
  reply: orderedUpgradeReply,
  isRepeatable: false,
  examples: [
    {
      name: 'everything, five endpoints first',
      request: { ...NAMED, rollout: { canary: { count: 5 } } },
      reply: {
        summary: 'Upgrade action created successfully.',
        details: ['Linux: 40 endpoints queued for upgrade to 8.6.0.1234'],
        group_action_id: 19,
        endpoints_count: 40,
        ineligible: [],
        ineligible_count: 0,
      },
    },
  ],
})
export const explainUpgradeCall = publicCall({
  path: 'endpoints/upgrade/explain',
  summary: 'Why an endpoint is where it is with its upgrade, and what comes next and when.',
  origin: 'ours',
  request: explainUpgrade,
  reply: explainUpgradeReply,
  isRepeatable: true,
  examples: [
    {
      name: 'an endpoint',
      request: { endpoint_id: '0123456789abcdef0123456789abcdef' },
      reply: {
        endpoint_id: '0123456789abcdef0123456789abcdef',
        endpoint_name: 'web-1',
        text: 'waiting: window opens Monday 02:00 Europe/Berlin',
        next_step: 'opening',
        next_at: 1_764_550_800_000,
      },
    },
  ],
})

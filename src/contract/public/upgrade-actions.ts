/**
 * `endpoints/upgrade/*`: ours, beside the documented order: upgrade actions as they stand, and how
 * to stop one.
 */
import * as z from 'zod'
import { publicCall } from './call.ts'
import { endpointId } from './endpoint-changes.ts'
import { ACTION_STATUSES, actionNumber, timeframeWindow, upgradeDetail } from './endpoints.ts'
import { REASON_CHARACTERS_MAX, UPGRADE_ENDPOINTS_MAX } from './limits.ts'
import { columnNames, listFilters, listSort, searchPage } from './list.ts'
import { rolloutObject } from './rollout-object.ts'

export const upgradeAction = z.object({
  group_action_id: z.int(),
  /** `open` until every endpoint has come to its end. */
  status: z.enum(['open', 'finished']),
  target_versions: z.record(z.string(), z.string()),
  upgrade_timeframe_window: timeframeWindow.nullable(),
  retry_failed: z.boolean(),
  /** `api-key:1`. */
  created_by: z.string(),
  created_at: z.int(),
  /** What has not begun by then never will. */
  expires_at: z.int(),
  /** When the first of its closed hours end; null when some are open or there are none. */
  opens_at: z.int().nullable(),
  endpoints_count: z.int(),
  /** How many endpoints are in each state (docs/vocabulary.md). */
  counts: z.record(z.string(), z.int()),
  /** How it is carried out. */
  rollout: rolloutObject.nullish(),
})
export type UpgradeActionObject = z.infer<typeof upgradeAction>

export const endpointUpgrade = upgradeDetail.extend({
  endpoint_id: z.string(),
  endpoint_name: z.string(),
  status: z.enum(ACTION_STATUSES),
})
export type EndpointUpgrade = z.infer<typeof endpointUpgrade>

export const getUpgrade = z
  .strictObject({
    group_action_id: actionNumber.nullish(),
    endpoint_id: endpointId.nullish(),
    filters: listFilters,
    sort: listSort(['endpoint_id', 'state', 'changed_at', 'group_action_id']),
    ...searchPage,
    /** Of the upgrades; the action is told whole. */
    fields: columnNames,
  })
  .refine((asked) => (asked.group_action_id == null) !== (asked.endpoint_id == null), {
    message: 'name either an action or an endpoint',
    path: ['group_action_id'],
  })
export const wholeUpgradeReply = z.object({
  /** Null when an endpoint was named. */
  action: upgradeAction.nullable(),
  total_count: z.int(),
  result_count: z.int(),
  /** By endpoint id; of an endpoint, the newest first. */
  upgrades: z.array(endpointUpgrade),
})
export const getUpgradeReply = wholeUpgradeReply.extend({
  /** With `fields`, only those. */
  upgrades: z.array(endpointUpgrade.partial()),
})

export const listUpgrades = z.strictObject({
  filters: listFilters,
  sort: listSort(['group_action_id', 'created_at', 'expires_at']),
  ...searchPage,
  fields: columnNames,
})
export const wholeUpgradesReply = z.object({
  total_count: z.int(),
  result_count: z.int(),
  actions: z.array(upgradeAction),
})
export const listUpgradesReply = wholeUpgradesReply.extend({
  /** With `fields`, only those. */
  actions: z.array(upgradeAction.partial()),
})

export const cancelUpgrade = z.strictObject({
  group_action_id: actionNumber,
  /** Absent: every endpoint of the action. */
  endpoint_ids: z
    .array(endpointId)
    .min(1, 'at least one endpoint id, or leave it out for all')
    .max(UPGRADE_ENDPOINTS_MAX, `at most ${UPGRADE_ENDPOINTS_MAX} endpoint ids`)
    .nullish(),
  /** For whoever looks at the endpoint later. */
  reason: z.string().trim().max(REASON_CHARACTERS_MAX).nullish(),
})
/** How many endpoints each is true of. */
export const cancelUpgradeReply = z.object({
  /** They had not begun: it is over. */
  cancelled: z.int(),
  /** They are at work on it, and are told with their next check-in. */
  cancelling: z.int(),
  /** They have begun to switch: they finish, or go back by themselves. */
  too_late: z.int(),
  already_ended: z.int(),
  /** Named, and not in the action. */
  unknown: z.int(),
})

const EXAMPLE_ACTION = { group_action_id: 17 }
const EXAMPLE_OBJECT: UpgradeActionObject = {
  group_action_id: 17,
  status: 'open',
  target_versions: { linux: '8.6.0.5678' },
  upgrade_timeframe_window: null,
  retry_failed: false,
  created_by: 'api-key:1',
  created_at: 1_764_547_200_000,
  expires_at: 1_765_152_000_000,
  opens_at: null,
  endpoints_count: 1,
  counts: { queued: 1 },
}

export const getUpgradeCall = publicCall({
  path: 'endpoints/upgrade/get',
  summary: 'An upgrade action with its endpoints, or every upgrade of one endpoint.',
  origin: 'ours',
  request: getUpgrade,
  reply: getUpgradeReply,
  isRepeatable: true,
  examples: [
    {
      name: 'an action, and how far its endpoints are',
      request: { ...EXAMPLE_ACTION, fields: ['endpoint_id', 'state', 'percent', 'reason'] },
      reply: {
        action: EXAMPLE_OBJECT,
        total_count: 1,
        result_count: 1,
        upgrades: [
          {
            endpoint_id: '0123456789abcdef0123456789abcdef',
            state: 'queued',
            percent: 0,
            reason: null,
          },
        ],
      },
    },
  ],
})
export const listUpgradesCall = publicCall({
  path: 'endpoints/upgrade/list',
  summary: 'A filtered, sorted page of upgrade actions, newest first, with counts by state.',
  origin: 'ours',
  request: listUpgrades,
  reply: listUpgradesReply,
  isRepeatable: true,
  examples: [
    {
      name: 'those that are open',
      request: { filters: [{ field: 'status', operator: 'in', value: ['open'] }] },
      reply: { total_count: 1, result_count: 1, actions: [EXAMPLE_OBJECT] },
    },
  ],
})
export const cancelUpgradeCall = publicCall({
  path: 'endpoints/upgrade/cancel',
  summary: 'Stops an upgrade action where endpoints have not begun to switch. Twice is once.',
  origin: 'ours',
  request: cancelUpgrade,
  reply: cancelUpgradeReply,
  isRepeatable: true,
  examples: [
    {
      name: 'a whole action',
      request: { ...EXAMPLE_ACTION, reason: 'wrong version' },
      reply: { cancelled: 1, cancelling: 0, too_late: 0, already_ended: 0, unknown: 0 },
    },
  ],
})

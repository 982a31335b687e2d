/**
 * `endpoints/*` and `actions/*`: the documented calls, in the wire's own spelling
 * (upgrade-agents.txt).
 */
import * as z from 'zod'
import { tagName } from '../agent/installation.ts'
import { versionText, whole } from '../schema.ts'
import { publicCall } from './call.ts'
import { EXPIRATION_HOURS_MAX, UPGRADE_ENDPOINTS_MAX } from './limits.ts'
import { folded } from './list.ts'
import { rolloutPolicy } from './rollout.ts'
import { upgradePlan } from './rollout-object.ts'
import { zoneNameOrEndpoint } from './zone.ts'

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):([0-5]\d)$/, 'a time as HH:MM, 00:00 to 23:59')
export const WEEKDAY_NAMES = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const
const weekday = folded(WEEKDAY_NAMES)

export const timeframeWindow = z
  .strictObject({
    /** Absent or empty: every day. */
    upgrade_timeframe_days: z.array(weekday).max(50).nullish(),
    /** Start and end come together; absent: all day. */
    upgrade_timeframe_start_time: timeOfDay.nullish(),
    upgrade_timeframe_end_time: timeOfDay.nullish(),
    /**
     * Ours: whose clocks these are, as a name of the tz database (Europe/Berlin) or `endpoint` for
     * those of each endpoint; absent: the instance's.
     */
    upgrade_timeframe_timezone: zoneNameOrEndpoint.nullish(),
    /** Ours: what has not switched when the window closes stops, and waits for the next one. */
    strict_end: z.boolean().nullish(),
  })
  .refine(
    (window) =>
      (window.upgrade_timeframe_start_time == null) === (window.upgrade_timeframe_end_time == null),
    {
      message: 'start and end time come together: give both, or neither for the whole day',
      path: ['upgrade_timeframe_end_time'],
    },
  )

const targetVersions = z
  .strictObject({
    windows: versionText.optional(),
    linux: versionText.optional(),
    macos: versionText.optional(),
    /** Ours. */
    android: versionText.optional(),
  })
  .refine((targets) => Object.keys(targets).length > 0, {
    message: 'at least one of windows, linux, macos, android with the version to upgrade to',
  })

/** `Windows` and `LINUX` mean `windows` and `linux`; one platform twice is two targets for one. */
function foldedKeys(value: unknown, context: z.RefinementCtx): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const folded = new Map<string, unknown>()
  for (const [key, each] of Object.entries(value)) {
    const name = key.trim().toLowerCase()
    if (folded.has(name)) {
      const message = `${key} is there twice: letter case does not tell platforms apart`
      context.addIssue({ code: 'custom', path: [key], message })
    }
    folded.set(name, each)
  }
  return Object.fromEntries(folded)
}

export const upgradeEndpoints = z.strictObject({
  endpoint_ids: z
    .array(z.string().trim().min(1).max(100))
    .min(1, 'at least one endpoint id')
    .max(UPGRADE_ENDPOINTS_MAX, `at most ${UPGRADE_ENDPOINTS_MAX} endpoint ids`),
  /** The platforms in any letter case. */
  target_versions: z.preprocess(foldedKeys, targetVersions),
  upgrade_timeframe_window: timeframeWindow.nullish(),
  /** Ours: try a version again where it failed before. */
  retry_failed: z.boolean().nullish(),
  /** Ours: how it is carried out; what is not said is as the instance has it. */
  rollout: rolloutPolicy.nullish(),
  /** Ours: what has not started by then never will. */
  expires_in_hours: whole(1, EXPIRATION_HOURS_MAX).nullish(),
  /** Ours: says what would happen, and saves nothing. */
  dry_run: z.boolean().nullish(),
  /** Ours: also to an older version than is installed. */
  allow_downgrade: z.boolean().nullish(),
  /** Ours: take over where another upgrade is in progress. */
  supersede: z.boolean().nullish(),
  /** Ours: endpoints with one of these tags are left out. */
  exclude_tags: z.array(tagName).max(100, 'at most 100 tags').nullish(),
})
export type UpgradeEndpointsRequest = z.infer<typeof upgradeEndpoints>

/** `summary` and `details` are documented; the rest is ours. */
export const orderedUpgradeReply = z.object({
  summary: z.string(),
  details: z.array(z.string()),
  group_action_id: z.int(),
  endpoints_count: z.int(),
  /** The first hundred. */
  ineligible: z.array(z.object({ endpoint_id: z.string(), reason: z.string() })),
  ineligible_count: z.int(),
})
/** To `dry_run`. */
export const plannedUpgradeReply = orderedUpgradeReply.extend({
  /** There is no action. */
  group_action_id: z.null(),
  dry_run: z.literal(true),
  plan: upgradePlan,
})
export type PlannedUpgradeReply = z.output<typeof plannedUpgradeReply>
/** Either of them, as one shape. */
export const upgradeEndpointsReply = orderedUpgradeReply.extend({
  group_action_id: z.int().nullable(),
  dry_run: z.literal(true).optional(),
  plan: upgradePlan.optional(),
})

/** An upgrade action's number; some clients send its digits. */
export const actionNumber = z.union(
  [
    z.int(),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ],
  'the number of an upgrade action',
)
export const getActionStatus = z.strictObject({ group_action_id: actionNumber })

export const ACTION_STATUSES = [
  'PENDING',
  'IN_PROGRESS',
  'PENDING_ABORT',
  'CANCELLED',
  'EXPIRED',
  'COMPLETED_SUCCESSFULLY',
  'FAILED',
  'TIMEOUT',
] as const
export type ActionStatus = (typeof ACTION_STATUSES)[number]

/** One endpoint's upgrade, as `get_action_status` and `get_endpoint` tell it. */
export const upgradeDetail = z.object({
  group_action_id: z.int(),
  /** The state in our own words: queued, offered, downloading, ... (docs/vocabulary.md). */
  state: z.string(),
  /** Which wave of the rollout it is in, counted from 0, and its name. */
  wave: z.int().optional(),
  wave_name: z.string().nullish(),
  from_version: z.string(),
  /** The version that it is all about. */
  target_version: z.string(),
  /** The one that it is moved to now: another one where the target cannot be reached at once. */
  step_version: z.string().optional(),
  attempts: z.int(),
  percent: z.int(),
  bytes_done: z.int(),
  bytes_total: z.int(),
  /** A code of docs/reasons.md: why it waits, or how it ended. */
  reason: z.string().nullable(),
  message: z.string().nullable(),
  /** When its closed hours end, in its own zone; null when they are open or nobody can tell. */
  opens_at: z.int().nullable(),
  /** Not tried again before, because a try failed. */
  not_before: z.int().nullish(),
  expires_at: z.int(),
  changed_at: z.int(),
})
export type UpgradeDetail = z.infer<typeof upgradeDetail>

/** `data` is documented; `errorReasons` is known from newer tenants; `details` is ours. */
export const actionStatusReply = z.object({
  data: z.record(z.string(), z.enum(ACTION_STATUSES)),
  errorReasons: z.record(
    z.string(),
    z.object({ errorText: z.string(), errorDescription: z.string() }),
  ),
  details: z.record(z.string(), upgradeDetail),
})

export const upgradeEndpointsCall = publicCall({
  path: 'endpoints/upgrade',
  summary: 'Orders endpoints to move to the target versions, now or inside a window.',
  origin: 'documented',
  request: upgradeEndpoints,
  reply: upgradeEndpointsReply,
  isRepeatable: false,
  examples: [
    {
      name: 'target versions by operating system',
      request: {
        endpoint_ids: ['endpoint_id_1', 'endpoint_id_2'],
        target_versions: { windows: '8.6.0.1234', linux: '8.6.0.5678' },
      },
      reply: {
        summary: 'Upgrade action created successfully.',
        details: [
          'Windows: 2 endpoints queued for upgrade to 8.6.0.1234',
          'Linux: 1 endpoint queued for upgrade to 8.6.0.5678',
        ],
      },
    },
    {
      name: 'within a timeframe window',
      request: {
        endpoint_ids: ['endpoint_id_1'],
        target_versions: { windows: '8.6.0.1234', macos: '8.6.0.9012' },
        upgrade_timeframe_window: {
          upgrade_timeframe_days: ['monday', 'wednesday', 'friday'],
          upgrade_timeframe_start_time: '02:00',
          upgrade_timeframe_end_time: '06:00',
        },
      },
    },
  ],
})
export const getActionStatusCall = publicCall({
  path: 'actions/get_action_status',
  summary: 'How an upgrade action goes, endpoint by endpoint.',
  origin: 'documented',
  request: getActionStatus,
  reply: actionStatusReply,
  isRepeatable: true,
  examples: [
    {
      name: 'an action',
      request: { group_action_id: 17 },
      reply: { data: { '0123456789abcdef0123456789abcdef': 'COMPLETED_SUCCESSFULLY' } },
    },
  ],
})

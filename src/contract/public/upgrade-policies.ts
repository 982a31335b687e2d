/**
 * `endpoints/upgrade/policies/*`: ours. Which version endpoints ought to have, so that the server
 * orders it by itself as releases come.
 */
import * as z from 'zod'
import { tagName } from '../agent/installation.ts'
import { hexId, whole } from '../schema.ts'
import { publicCall } from './call.ts'
import { timeframeWindow } from './endpoints.ts'
import {
  NAME_CHARACTERS_MAX,
  POLICY_DELAY_HOURS_MAX,
  POLICY_MEMBERS_MAX,
  POLICY_PRIORITY_MAX,
  UPGRADE_POLICIES_MAX,
} from './limits.ts'
import { folded } from './list.ts'
import { NONE, rolloutPolicy, toldRolloutPolicy } from './rollout.ts'

const nameText = z.string().trim().min(1).max(NAME_CHARACTERS_MAX)
const some = `at most ${POLICY_MEMBERS_MAX}`
const tags = z.array(tagName).max(POLICY_MEMBERS_MAX, some)
const PLATFORM_NAMES = ['windows', 'linux', 'macos', 'android'] as const

const VERSION_RIGHT =
  'latest, one-before, the beginning of a version (8.6) or a whole one (8.6.0.1234)'
const WHOLE_VERSION = /^\d{1,9}(\.\d{1,9}){3}$/
const NUMBER = '(0|[1-9]\\d{0,8})'
const versionWanted = z
  .string()
  .trim()
  .toLowerCase()
  .regex(new RegExp(`^(latest|one-before|${NUMBER}(\\.${NUMBER}){0,3})$`), VERSION_RIGHT)

export const setUpgradePolicy = z
  .strictObject({
    /** One that is not there is made. What is absent or null stays as it is. */
    name: nameText,
    new_name: nameText.nullish(),
    /** Of the policies that mean an endpoint the one with the smallest governs it. 100. */
    priority: whole(0, POLICY_PRIORITY_MAX).nullish(),
    enabled: z.boolean().nullish(),
    /** Endpoints with one of these tags; empty: with any or none. */
    endpoint_tags: tags.nullish(),
    /** Endpoints of one of these distributions; empty: of any. */
    distribution_ids: z.array(hexId).max(POLICY_MEMBERS_MAX, some).nullish(),
    /** Empty: all. */
    platforms: z.array(folded(PLATFORM_NAMES)).max(20).nullish(),
    /** Endpoints with one of these tags are not meant. */
    exclude_tags: tags.nullish(),
    version: versionWanted.nullish(),
    /** With a whole version: also where a newer one is installed. */
    allow_downgrade: z.boolean().nullish(),
    /** How long after it was published a release counts. */
    delay_hours: whole(0, POLICY_DELAY_HOURS_MAX).nullish(),
    /** `"none"`: at any time. */
    upgrade_timeframe_window: z.union([z.literal(NONE), timeframeWindow]).nullish(),
    /** `"none"`: as the instance has it whenever something is ordered. */
    rollout: z.union([z.literal(NONE), rolloutPolicy]).nullish(),
  })
  .refine((asked) => !asked.allow_downgrade || WHOLE_VERSION.test(asked.version ?? ''), {
    message: 'goes with a whole version in the same call, such as 8.6.0.1234',
    path: ['allow_downgrade'],
  })
export type SetUpgradePolicyRequest = z.output<typeof setUpgradePolicy>

export const upgradePolicyObject = z.object({
  policy_id: z.int(),
  name: z.string(),
  priority: z.int(),
  enabled: z.boolean(),
  endpoint_tags: z.array(z.string()),
  distribution_ids: z.array(z.string()),
  platforms: z.array(z.string()),
  exclude_tags: z.array(z.string()),
  version: z.string(),
  allow_downgrade: z.boolean(),
  delay_hours: z.number(),
  upgrade_timeframe_window: timeframeWindow.nullable(),
  /** Null: as the instance has it. */
  rollout: toldRolloutPolicy.nullable(),
  created_by: z.string(),
  created_at: z.int(),
  changed_by: z.string(),
  changed_at: z.int(),
  /** By platform: what it wants now, since when, and what comes next as releases stand. */
  wants: z.array(
    z.object({
      platform: z.string(),
      version: z.string().nullable(),
      since: z.int().nullable(),
      next_version: z.string().nullable(),
      next_at: z.int().nullable(),
    }),
  ),
  /** How many endpoints it governs, and how many of them have what it wants. */
  endpoints_count: z.int(),
  fulfilled_count: z.int(),
  /** The newest upgrade action that it ordered. */
  last_action: z
    .object({ group_action_id: z.int(), created_at: z.int(), state: z.string() })
    .nullable(),
  /** Why it orders nothing now: a code of docs/reasons.md; null: it does. */
  reason: z.string().nullable(),
})
export type UpgradePolicyObject = z.output<typeof upgradePolicyObject>

const EXAMPLE: UpgradePolicyObject = {
  policy_id: 3,
  name: 'Servers',
  priority: 100,
  enabled: true,
  endpoint_tags: ['server'],
  distribution_ids: [],
  platforms: ['linux'],
  exclude_tags: [],
  version: 'one-before',
  allow_downgrade: false,
  delay_hours: 168,
  upgrade_timeframe_window: {
    upgrade_timeframe_days: ['saturday', 'sunday'],
    upgrade_timeframe_start_time: '02:00',
    upgrade_timeframe_end_time: '06:00',
    upgrade_timeframe_timezone: 'endpoint',
    strict_end: false,
  },
  rollout: null,
  created_by: 'api-key:1',
  created_at: 1_764_547_200_000,
  changed_by: 'api-key:1',
  changed_at: 1_764_547_200_000,
  wants: [
    {
      platform: 'linux',
      version: '8.6.0.5678',
      since: 1_764_547_200_000,
      next_version: null,
      next_at: null,
    },
  ],
  endpoints_count: 40,
  fulfilled_count: 38,
  last_action: { group_action_id: 17, created_at: 1_764_550_800_000, state: 'running' },
  reason: 'policy-rollout-open',
}

export const getUpgradePoliciesCall = publicCall({
  path: 'endpoints/upgrade/policies/get',
  summary:
    'Upgrade policies in their precedence: what each wants now, how many endpoints have it, and ' +
    'why it orders nothing. Without names, all of them.',
  origin: 'ours',
  request: z.strictObject({ names: z.array(nameText).min(1).max(UPGRADE_POLICIES_MAX).nullish() }),
  reply: z.object({ policies: z.array(upgradePolicyObject) }),
  isRepeatable: true,
  examples: [{ name: 'all', request: {}, reply: { policies: [EXAMPLE] } }],
})
export const setUpgradePolicyCall = publicCall({
  path: 'endpoints/upgrade/policies/set',
  summary:
    'Makes an upgrade policy, or changes it: the server orders by itself what it wants. What is ' +
    'absent stays as it is.',
  origin: 'ours',
  request: setUpgradePolicy,
  reply: upgradePolicyObject,
  isRepeatable: true,
  examples: [
    {
      name: 'servers, a week after publishing, one version behind, at weekends',
      request: {
        name: 'Servers',
        endpoint_tags: ['server'],
        platforms: ['linux'],
        version: 'one-before',
        delay_hours: 168,
        upgrade_timeframe_window: {
          upgrade_timeframe_days: ['saturday', 'sunday'],
          upgrade_timeframe_start_time: '02:00',
          upgrade_timeframe_end_time: '06:00',
          upgrade_timeframe_timezone: 'endpoint',
        },
      },
      reply: { ...EXAMPLE, fulfilled_count: 0, last_action: null, reason: null },
    },
  ],
})
export const deleteUpgradePolicyCall = publicCall({
  path: 'endpoints/upgrade/policies/delete',
  summary: 'Deletes an upgrade policy. What it ordered goes on; cancel it as any other action.',
  origin: 'ours',
  request: z.strictObject({ name: nameText }),
  reply: z.literal(true),
  isRepeatable: false,
  examples: [{ name: 'one policy', request: { name: 'Servers' }, reply: true }],
})

/**
 * `configurations/agent/*`: the settings of the instance, in the documented shapes. A GET answers
 * with the bare object of effective values; a set names any of its fields, which are merged onto
 * what was there. A null leaves its field as it is, so that what a GET gave can be sent back.
 */
import * as z from 'zod'
import { whole } from '../schema.ts'
import { publicCall } from './call.ts'
import { closedDays } from './closed-days.ts'
import {
  BANDWIDTH_MBPS_MAX,
  CHECK_INS_PER_S_MAX,
  CHECK_INS_PER_S_MIN,
  CLEANUP_INTERVAL_HOURS,
  DELETED_DAYS_MAX,
  DELETED_DAYS_MIN,
  EXPIRATION_HOURS_MAX,
  EXPIRATION_HOURS_MIN,
  LOST_DAYS_MAX,
  LOST_DAYS_MIN,
  PARALLEL_UPGRADES_MAX,
} from './limits.ts'
import { rolloutPolicy, toldRolloutPolicy } from './rollout.ts'
import { zoneNameOrEndpoint } from './zone.ts'

const nothing = z.strictObject({})
const done = z.literal(true)
const flag = z.boolean().nullish()

type Told<Request extends z.ZodType, Reply extends z.ZodType> = {
  readonly name: string
  readonly about: string
  readonly setting: Reply
  readonly change: Request
  readonly example: z.input<Request>
  /** Absent: documented. */
  readonly origin?: 'ours'
  /** What a GET answers then, where that is not the same. */
  readonly effective?: z.input<Reply>
}

/** The two calls of one setting. */
function settingCalls<Request extends z.ZodType, Reply extends z.ZodType>(
  told: Told<Request, Reply>,
) {
  const { name, about, setting, change, example, origin = 'documented' } = told
  const path = `configurations/agent/${name}`
  const get = publicCall({
    method: 'GET',
    path,
    summary: `${about} The effective values: defaults where nothing was set.`,
    origin,
    request: nothing,
    reply: setting,
    envelope: 'bare',
    isRepeatable: true,
    examples: [{ name: 'the effective values', request: {}, reply: told.effective ?? example }],
  })
  const set = publicCall({
    path: `${path}/set`,
    summary: `${about} Changes the fields that are named.`,
    origin,
    request: change,
    reply: done,
    body: 'either',
    isRepeatable: true,
    examples: [{ name: 'documented', request: example, reply: true }],
  })
  return { get, set }
}

export const autoUpgradeCalls = settingCalls({
  name: 'auto_upgrade',
  about: 'How many endpoints are upgraded at once.',
  setting: z.object({ amount_of_parallel_upgrades: z.int() }),
  change: z.strictObject({
    amount_of_parallel_upgrades: whole(1, PARALLEL_UPGRADES_MAX).nullish(),
  }),
  example: { amount_of_parallel_upgrades: 10 },
})

export const agentStatusCalls = settingCalls({
  name: 'agent_status',
  about: 'After how many days an endpoint that says nothing is lost, and is deleted.',
  setting: z.object({
    license_revocation_after_lost_connection: z.int(),
    agent_deletion_retention: z.int(),
  }),
  change: z.strictObject({
    license_revocation_after_lost_connection: whole(LOST_DAYS_MIN, LOST_DAYS_MAX).nullish(),
    /** Must be the longer of the two. */
    agent_deletion_retention: whole(DELETED_DAYS_MIN, DELETED_DAYS_MAX).nullish(),
  }),
  example: { license_revocation_after_lost_connection: 30, agent_deletion_retention: 90 },
})

const actionType = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'a type of action, such as isolate')
/** Type of action to hours; `agent_upgrade` is ours. */
export const actionExpiration = z.record(actionType, z.int())

export const actionExpirationCalls = settingCalls({
  name: 'action_center_expiration',
  about: 'For how many hours actions wait for their endpoints, by type of action.',
  setting: actionExpiration,
  change: z.record(actionType, whole(EXPIRATION_HOURS_MIN, EXPIRATION_HOURS_MAX)),
  example: { isolate: 72, scan: 24 },
  effective: { agent_upgrade: 720, isolate: 72, scan: 24 },
})

const intervalText = `one of ${CLEANUP_INTERVAL_HOURS.join(', ')}`
export const cleanupCalls = settingCalls({
  name: 'endpoint_administration_cleanup',
  about: 'Whether, how often and by which marks duplicate endpoints are deleted.',
  setting: z.object({
    periodic_duplicate_cleanup: z.boolean(),
    host_name: z.boolean(),
    ip: z.boolean(),
    mac: z.boolean(),
    /** Null while it is disabled. */
    time_interval_hours: z.int().nullable(),
  }),
  change: z.strictObject({
    periodic_duplicate_cleanup: flag,
    host_name: flag,
    ip: flag,
    mac: flag,
    time_interval_hours: z.literal(CLEANUP_INTERVAL_HOURS, intervalText).nullish(),
  }),
  example: {
    periodic_duplicate_cleanup: true,
    host_name: true,
    ip: true,
    mac: false,
    time_interval_hours: 24,
  },
})

export const contentManagementCalls = settingCalls({
  name: 'content_management',
  about: 'How fast agents download, all of them together.',
  setting: z.object({
    enable_bandwidth_control: z.boolean(),
    bandwidth_in_mbps: z.int(),
    enable_minor_content_version_updates: z.boolean(),
  }),
  change: z.strictObject({
    enable_bandwidth_control: flag,
    /** Megabits a second. */
    bandwidth_in_mbps: whole(1, BANDWIDTH_MBPS_MAX).nullish(),
    enable_minor_content_version_updates: flag,
  }),
  example: {
    enable_bandwidth_control: true,
    bandwidth_in_mbps: 100,
    enable_minor_content_version_updates: true,
  },
})

export const criticalEnvironmentCalls = settingCalls({
  name: 'critical_environment_versions',
  about: 'Whether versions for critical environments (a third number of 100 or more) are offered.',
  setting: z.object({ enabled_critical_environment_versions: z.boolean() }),
  change: z.strictObject({ enabled_critical_environment_versions: flag }),
  example: { enabled_critical_environment_versions: true },
})

/** Null leaves a field as it is, here too; `"none"` and an empty list clear it. */
export const rolloutCalls = settingCalls({
  name: 'rollout',
  about: 'How upgrades are rolled out where an order does not say, and when nothing begins.',
  origin: 'ours',
  setting: z.object({
    timezone: z.string(),
    closed_days: z.array(z.object({ from: z.string(), to: z.string() })),
    ...toldRolloutPolicy.shape,
    check_ins_per_s: z.int(),
  }),
  change: z.strictObject({
    /** Of windows that name none. */
    timezone: zoneNameOrEndpoint.nullish(),
    /** All of them: what is not there any more is open again. */
    closed_days: closedDays.nullish(),
    ...rolloutPolicy.shape,
    /** Of each server. */
    check_ins_per_s: whole(CHECK_INS_PER_S_MIN, CHECK_INS_PER_S_MAX).nullish(),
  }),
  example: {
    timezone: 'Europe/Berlin',
    closed_days: [{ from: '2026-12-24', to: '2027-01-01' }],
    canary: { count: 5 },
    waves: [{ percent: 10 }, { percent: 50 }],
    max_concurrent: null,
    soak_minutes: 60,
    failure_budget: { count: 3, percent: null },
    probation_minutes: null,
    max_attempts: 3,
    download_rate: null,
    check_ins_per_s: 5000,
  },
})

/** Every setting by its name. */
export const SETTING_CALLS = {
  auto_upgrade: autoUpgradeCalls,
  agent_status: agentStatusCalls,
  action_center_expiration: actionExpirationCalls,
  endpoint_administration_cleanup: cleanupCalls,
  content_management: contentManagementCalls,
  critical_environment_versions: criticalEnvironmentCalls,
  rollout: rolloutCalls,
} as const
export type SettingName = keyof typeof SETTING_CALLS

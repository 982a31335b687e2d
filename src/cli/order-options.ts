/** What an order is made of on the command line; `upgrade` and `upgrade plan` share it. */
import type * as z from 'zod'
import { PLATFORMS } from '../base/platform.ts'
import { accept, type Result } from '../base/result.ts'
import type { Client } from '../client/client.ts'
import { type upgradeEndpoints, WEEKDAY_NAMES } from '../contract/public/endpoints.ts'
import { EXPIRATION_HOURS_MAX, UPGRADE_ENDPOINTS_MAX } from '../contract/public/limits.ts'
import type { Options, Values } from './command.ts'
import { findEndpoints, isEndpointId, where } from './find-endpoints.ts'
import { durationMs, flawOfChoice, flawOfVersion } from './option-values.ts'
import { type Failure, refuseFailed } from './outcome.ts'
import { flawOfRollout, ROLLOUT_OPTIONS, rolloutOf } from './rollout-options.ts'

/** When upgrades may begin. */
export const WINDOW_OPTIONS = {
  days: { kind: 'text', value: 'DAY,...', help: 'only on these days, such as monday,friday' },
  start: { kind: 'text', value: 'HH:MM', help: 'begin no earlier' },
  end: { kind: 'text', value: 'HH:MM', help: 'begin no later; before --start: next day' },
  zone: {
    kind: 'text',
    value: 'NAME',
    help: "whose clock: Europe/Berlin, or endpoint: its own (default: the instance's)",
  },
  'strict-end': { kind: 'flag', help: 'stop what has not switched when the window closes' },
} as const satisfies Options

export const ORDER_OPTIONS = {
  to: { kind: 'text', value: 'N', isRequired: true, help: 'the version, such as 8.6.0.2' },
  endpoint: { kind: 'list', value: 'ID', help: 'this endpoint' },
  hostname: { kind: 'list', value: 'NAME', help: 'every endpoint of this name' },
  all: { kind: 'flag', help: 'every endpoint of the platform' },
  'exclude-tag': { kind: 'list', value: 'TAG', help: 'but no endpoint with this tag' },
  platform: {
    kind: 'text',
    value: 'NAME',
    help: 'linux, windows, macos or android (default: linux)',
  },
  ...WINDOW_OPTIONS,
  ...ROLLOUT_OPTIONS,
  'expires-in': { kind: 'text', value: 'TIME', help: 'what has not begun by then never will' },
  'retry-failed': { kind: 'flag', help: 'also where this version failed before' },
  'allow-downgrade': { kind: 'flag', help: 'also where a newer version is installed' },
  supersede: { kind: 'flag', help: 'take over where another upgrade is in progress' },
} as const satisfies Options

export type OrderValues = Pick<Values<typeof ORDER_OPTIONS>, keyof typeof ORDER_OPTIONS>
export type WindowValues = Pick<Values<typeof WINDOW_OPTIONS>, keyof typeof WINDOW_OPTIONS>
export type OrderRequest = z.input<typeof upgradeEndpoints>

const FLEET_MAX = 10_000_000
const HOUR_MS = 3_600_000

export function flawOfOrder(values: OrderValues): string | null {
  const { endpoint, hostname, all } = values
  if (all && endpoint.length + hostname.length > 0) {
    return '--all is every endpoint: leave out --endpoint and --hostname, or --all.'
  }
  if (!all && endpoint.length + hostname.length === 0) {
    return 'No endpoint is named: --endpoint ID, --hostname NAME or --all.'
  }
  const badId = endpoint.find((id) => !isEndpointId(id))
  if (badId !== undefined) return `--endpoint is an id of 32 characters, not "${badId}".`
  return (
    flawOfVersion('--to', values.to) ??
    flawOfChoice('--platform', values.platform, PLATFORMS) ??
    flawOfWindow(values) ??
    flawOfRollout(values) ??
    flawOfExpiry(values['expires-in'])
  )
}

export function flawOfWindow({ days, start, end }: WindowValues): string | null {
  if ((start === undefined) !== (end === undefined)) return '--start and --end come together.'
  return (
    (daysOf(days) ?? []).map((day) => flawOfChoice('--days', day, WEEKDAY_NAMES)).find(Boolean) ??
    flawOfTime('--start', start) ??
    flawOfTime('--end', end)
  )
}

function flawOfTime(option: string, text: string | undefined): string | null {
  if (text === undefined || /^([01]\d|2[0-3]):[0-5]\d$/.test(text)) return null
  return `${option} is a time as HH:MM, 00:00 to 23:59, not "${text}".`
}

function flawOfExpiry(text: string | undefined): string | null {
  if (text === undefined) return null
  const hours = (durationMs(text) ?? 0) / HOUR_MS
  if (hours >= 1 && hours <= EXPIRATION_HOURS_MAX) return null
  return `--expires-in is a time from 1h to 30d, such as 12h or 7d, not "${text}".`
}

function daysOf(days: string | undefined): string[] | null {
  return days?.split(',').map((day) => day.trim().toLowerCase()) ?? null
}

/** The endpoints that are meant, once each. */
export async function endpointsOf(
  client: Client,
  values: OrderValues,
): Promise<Result<readonly string[], Failure>> {
  if (values.all) {
    const platform = values.platform ?? 'linux'
    const filters = [where('platform', [platform])]
    const { endpoints } = await findEndpoints(client, filters, FLEET_MAX)
    if (endpoints.length === 0) return refuseFailed(`there is no endpoint with ${platform}`)
    return accept(endpoints.map(({ endpoint_id: id }) => id))
  }
  const ids = new Set(values.endpoint)
  for (const name of values.hostname) {
    const filters = [where('hostname', [name])]
    const { endpoints } = await findEndpoints(client, filters, FLEET_MAX)
    if (endpoints.length === 0) return refuseFailed(`there is no endpoint called ${name}`)
    for (const { endpoint_id: id } of endpoints) ids.add(id)
  }
  return accept([...ids])
}

/** One for each action that it takes. */
export function requestsOf(values: OrderValues, ids: readonly string[]): readonly OrderRequest[] {
  const requests: OrderRequest[] = []
  for (let at = 0; at < ids.length; at += UPGRADE_ENDPOINTS_MAX) {
    requests.push(requestOf(values, ids.slice(at, at + UPGRADE_ENDPOINTS_MAX)))
  }
  return requests
}

function requestOf(values: OrderValues, ids: readonly string[]): OrderRequest {
  const platform = PLATFORMS.find((each) => each === values.platform) ?? 'linux'
  const rollout = rolloutOf(values)
  const expiresIn = values['expires-in']
  const hours = expiresIn === undefined ? null : (durationMs(expiresIn) ?? 0) / HOUR_MS
  const excluded = values['exclude-tag']
  return {
    endpoint_ids: [...ids],
    target_versions: { [platform]: values.to },
    upgrade_timeframe_window: windowOf(values),
    retry_failed: values['retry-failed'],
    ...(rollout === null ? {} : { rollout }),
    ...(hours === null ? {} : { expires_in_hours: hours }),
    ...(values['allow-downgrade'] ? { allow_downgrade: true } : {}),
    ...(values.supersede ? { supersede: true } : {}),
    ...(excluded.length === 0 ? {} : { exclude_tags: [...excluded] }),
  }
}

/** Null: at any time. */
export function windowOf(values: WindowValues): OrderRequest['upgrade_timeframe_window'] {
  const { days, start = null, end = null, zone, 'strict-end': strictEnd } = values
  if (days === undefined && start === null && zone === undefined && !strictEnd) return null
  return {
    upgrade_timeframe_days: daysOf(days),
    upgrade_timeframe_start_time: start,
    upgrade_timeframe_end_time: end,
    ...(zone === undefined ? {} : { upgrade_timeframe_timezone: zone }),
    ...(strictEnd ? { strict_end: true } : {}),
  }
}

import type * as z from 'zod'
import { PLATFORMS } from '../../base/platform.ts'
import { accept, type Result } from '../../base/result.ts'
import { type orderedUpgradeReply, WEEKDAY_NAMES } from '../../contract/public/endpoints.ts'
import { UPGRADE_ENDPOINTS_MAX } from '../../contract/public/limits.ts'
import { type ApiContext, defineApiCommand, type Values } from '../command.ts'
import { findEndpoints, isEndpointId, where } from '../find-endpoints.ts'
import { flawOfChoice, flawOfVersion, flawOfWholeNumber } from '../option-values.ts'
import { EXIT, type Failure, refuseFailed, refuseUsage } from '../outcome.ts'
import { type Ordered, watchToTheEnd } from '../upgrade-outcome.ts'

const OPTIONS = {
  to: { kind: 'text', value: 'N', isRequired: true, help: 'the version, such as 8.6.0.2' },
  endpoint: { kind: 'list', value: 'ID', help: 'this endpoint' },
  hostname: { kind: 'list', value: 'NAME', help: 'every endpoint of this name' },
  all: { kind: 'flag', help: 'every endpoint of the platform' },
  platform: {
    kind: 'text',
    value: 'NAME',
    help: 'linux, windows, macos or android (default: linux)',
  },
  days: { kind: 'text', value: 'DAY,...', help: 'only on these days, such as monday,friday' },
  start: { kind: 'text', value: 'HH:MM', help: 'begin no earlier' },
  end: { kind: 'text', value: 'HH:MM', help: 'begin no later; before --start: next day' },
  zone: {
    kind: 'text',
    value: 'NAME',
    help: "whose clock: Europe/Berlin, or endpoint for its own (default: the instance's)",
  },
  'strict-end': { kind: 'flag', help: 'stop what has not switched when the window closes' },
  'retry-failed': { kind: 'flag', help: 'also where this version failed before' },
  watch: { kind: 'flag', help: 'until every endpoint has come to its end' },
  timeout: { kind: 'text', value: 'S', help: 'seconds to watch (default: to the end)' },
} as const

type UpgradeValues = Values<typeof OPTIONS>
type Reply = z.infer<typeof orderedUpgradeReply>

/** In the range of a JSON number of seconds; the server ends every action long before. */
const TIMEOUT_S_MAX = 31 * 86_400
const FLEET_MAX = 10_000_000

export const upgrade = defineApiCommand({
  name: 'upgrade',
  summary: 'Move endpoints to another version',
  notes: [
    `More than ${UPGRADE_ENDPOINTS_MAX} endpoints become several actions. With --watch the exit`,
    'code is 1 when any of them did not come to the version, whatever the reason.',
  ],
  options: OPTIONS,
  async run(context, values) {
    const flaw = flawOf(values)
    if (flaw !== null) return refuseUsage(flaw)
    const ids = await endpointIds(context, values)
    if (!ids.ok) return ids
    const replies = await orderUpgrades(context, values, ids.value)
    const limitS = values.timeout === undefined ? null : Number(values.timeout)
    const ordered = orderedBy(replies)
    if (!values.watch) {
      const lines = [...replies.flatMap(linesOf), ...watchHint(ordered)]
      return accept({ exitCode: EXIT.done, lines, json: ordered.json })
    }
    for (const line of replies.flatMap(linesOf)) context.io.stderr.write(`${line}\n`)
    return watchToTheEnd(context, ordered, limitS)
  },
})

function flawOf(values: UpgradeValues): string | null {
  const { endpoint, hostname, all, days, start, end } = values
  if (all && endpoint.length + hostname.length > 0) {
    return '--all is every endpoint: leave out --endpoint and --hostname, or --all.'
  }
  if (!all && endpoint.length + hostname.length === 0) {
    return 'No endpoint is named: --endpoint ID, --hostname NAME or --all.'
  }
  const badId = endpoint.find((id) => !isEndpointId(id))
  if (badId !== undefined) return `--endpoint is an id of 32 characters, not "${badId}".`
  if ((start === undefined) !== (end === undefined)) return '--start and --end come together.'
  return (
    flawOfVersion('--to', values.to) ??
    flawOfChoice('--platform', values.platform, PLATFORMS) ??
    (daysOf(days) ?? []).map((day) => flawOfChoice('--days', day, WEEKDAY_NAMES)).find(Boolean) ??
    flawOfTime('--start', start) ??
    flawOfTime('--end', end) ??
    flawOfWholeNumber('--timeout', values.timeout, { least: 1, most: TIMEOUT_S_MAX })
  )
}

function flawOfTime(option: string, text: string | undefined): string | null {
  if (text === undefined || /^([01]\d|2[0-3]):[0-5]\d$/.test(text)) return null
  return `${option} is a time as HH:MM, 00:00 to 23:59, not "${text}".`
}

function daysOf(days: string | undefined): string[] | null {
  return days?.split(',').map((day) => day.trim().toLowerCase()) ?? null
}

async function endpointIds(
  { client }: ApiContext,
  values: UpgradeValues,
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

async function orderUpgrades(
  { io, client }: ApiContext,
  values: UpgradeValues,
  ids: readonly string[],
): Promise<readonly Reply[]> {
  const platform = PLATFORMS.find((each) => each === values.platform) ?? 'linux'
  const { start = null, end = null } = values
  const { days, zone, 'strict-end': strictEnd } = values
  const hasWindow = days !== undefined || start !== null || zone !== undefined || strictEnd
  const window = {
    upgrade_timeframe_days: daysOf(days),
    upgrade_timeframe_start_time: start,
    upgrade_timeframe_end_time: end,
    ...(zone === undefined ? {} : { upgrade_timeframe_timezone: zone }),
    ...(strictEnd ? { strict_end: true } : {}),
  }
  const replies: Reply[] = []
  for (let at = 0; at < ids.length; at += UPGRADE_ENDPOINTS_MAX) {
    try {
      replies.push(
        await client.endpoints.upgrade({
          endpoint_ids: ids.slice(at, at + UPGRADE_ENDPOINTS_MAX),
          target_versions: { [platform]: values.to },
          upgrade_timeframe_window: hasWindow ? window : null,
          retry_failed: values['retry-failed'],
        }),
      )
    } catch (error) {
      // What was ordered before it goes on: its number must not be lost.
      for (const line of replies.flatMap(linesOf)) io.stderr.write(`${line}\n`)
      throw error
    }
  }
  return replies
}

function orderedBy(replies: readonly Reply[]): Ordered {
  return {
    actionIds: replies.map((reply) => reply.group_action_id),
    json: { actions: replies },
    isPartial: replies.some(
      ({ ineligible, ineligible_count: count }) =>
        // Beyond those that are told with their reason, nobody knows it.
        count > ineligible.length ||
        ineligible.some(({ reason }) => reason !== 'already-at-version'),
    ),
  }
}

function linesOf(reply: Reply): string[] {
  return [
    `Action ${reply.group_action_id}: ${reply.summary}`,
    ...reply.details.map((detail) => `  ${detail}`),
    ...reply.ineligible.map(({ endpoint_id: id, reason }) => `  left out: ${id} (${reason})`),
  ]
}

function watchHint({ actionIds: [first] }: Ordered): string[] {
  return first === undefined ? [] : [`Watch it with "drydock upgrade status ${first} --watch".`]
}

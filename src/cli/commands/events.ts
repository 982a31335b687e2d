import { accept } from '../../base/result.ts'
import type { FollowedEvent } from '../../client/events.ts'
import { EVENT_TYPES, type StreamedEvent } from '../../contract/public/events.ts'
import { defineApiCommand } from '../command.ts'
import { flawOfWholeNumber } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { counted, printable, timeText } from '../print.ts'
import { upgradeText } from '../upgrade-lines.ts'

export const events = defineApiCommand({
  name: 'events',
  summary: 'Follow what becomes true, one line for each event',
  notes: [
    'It goes on until it is interrupted, and comes back by itself to a server that restarts.',
  ],
  options: {
    type: { kind: 'list', value: 'TYPE', help: 'only events of this type' },
    after: { kind: 'text', value: 'ID', help: 'from the event after this one (default: from now)' },
    count: { kind: 'text', value: 'N', help: 'end after so many' },
  },
  async run({ io, client, isJson }, values) {
    const flaw =
      flawOfWholeNumber('--after', values.after, { least: 0, most: Number.MAX_SAFE_INTEGER }) ??
      flawOfWholeNumber('--count', values.count, { least: 1, most: 1_000_000_000 })
    if (flaw !== null) return refuseUsage(flaw)
    const types = EVENT_TYPES.filter((type) => values.type.includes(type))
    const unknown = values.type.find((type) => !types.some((known) => known === type))
    if (unknown !== undefined) {
      return refuseUsage(
        `There are no events "${unknown}".`,
        `There are: ${EVENT_TYPES.join(', ')}`,
      )
    }
    const order = {
      ...(values.after === undefined ? {} : { lastEventId: values.after }),
      ...(types.length === 0 ? {} : { types }),
    }
    const most = values.count === undefined ? Number.POSITIVE_INFINITY : Number(values.count)
    let count = 0
    for await (const followed of client.events.follow(order)) {
      io.stdout.write(`${isJson ? jsonLine(followed) : printable(lineOf(followed))}\n`)
      count += 1
      if (count >= most) break
    }
    return accept({ exitCode: EXIT.done, lines: [], json: undefined })
  },
})

function jsonLine(followed: FollowedEvent): string {
  const { id } = followed
  const told = followed.kind === 'event' ? followed.event : { type: 'reset' }
  return JSON.stringify({ id, ...told })
}

function lineOf(followed: FollowedEvent): string {
  if (followed.kind === 'reset') {
    return `#${followed.id}  some events are not kept any more: they were missed`
  }
  const { id, event } = followed
  return `#${id}  ${timeText(event.at)}  ${event.type}  ${sentenceOf(event)}`
}

function sentenceOf(event: StreamedEvent): string {
  switch (event.type) {
    case 'upgrade.changed': {
      const { endpoint_id: id, target_version: target, group_action_id: action } = event
      const state = upgradeText({ ...event, opens_at: null })
      return `${id} to ${target}, action ${action}: ${state}`
    }
    case 'upgrade-action.created':
    case 'upgrade-action.cancelled': {
      const of = counted(event.endpoints_count, 'endpoint')
      return `action ${event.group_action_id} of ${of}, by ${event.by}`
    }
    case 'rollout.changed': {
      const { group_action_id: action, state, reason, message, wave } = event
      const said = message === null ? '' : ` (${message})`
      return `action ${action}, wave ${wave}: ${state}: ${reason}${said}`
    }
    case 'endpoint.enrolled':
    case 'endpoint.deleted':
    case 'endpoint.restored':
      return `${event.endpoint_name} (${event.endpoint_id})`
    case 'distribution.ready':
    case 'distribution.failed':
    case 'distribution.deleted': {
      const why = event.reason === null ? '' : `: ${event.reason}`
      return `${event.name} (${event.distribution_id})${why}`
    }
    case 'release.published':
    case 'release.withdrawn':
      return `${event.version} for ${event.platform} ${event.arch} ${event.libc}`
    case 'upgrade-policy.changed':
    case 'configuration.changed':
      return `${event.name}, by ${event.by}`
  }
}

/**
 * Follows a rollout by the event stream until it is over: on a terminal a block drawn again in
 * place, with the newest changes below its waves; elsewhere a line for each change. What an event
 * says is shown at once; counts are read anew at most once a second, however many changes there
 * are.
 */
import type { Clock } from '../base/clock.ts'
import { accept } from '../base/result.ts'
import type { FollowedEvent } from '../client/events.ts'
import type { StreamedEvent } from '../contract/public/events.ts'
import type { UpgradeActionObject } from '../contract/public/upgrade-actions.ts'
import type { ApiContext } from './command.ts'
import type { Output } from './io.ts'
import { startLiveLines } from './live-lines.ts'
import { EXIT, type Outcome, refuseFailed } from './outcome.ts'
import { printable } from './print.ts'
import { rolloutText, waveLines } from './rollout-text.ts'
import { stateCountsText, targetsText } from './upgrade-action-text.ts'
import { upgradeText } from './upgrade-lines.ts'

const READ_MS = 1000
const CHANGES_SHOWN = 8
const TYPES = ['upgrade.changed', 'rollout.changed', 'upgrade-action.cancelled'] as const

export async function watchRollout(context: ApiContext, actionId: number): Promise<Outcome> {
  const { io, client } = context
  const display = io.stderr.isTerminal ? blockDisplay(io.stderr) : lineDisplay(io.stderr)
  const stream = takingFrom(client.events.follow({ types: TYPES }), io.clock)
  const read = async () => {
    const page = { search_from: 0, search_to: 1 }
    return (await client.upgrades.get({ group_action_id: actionId, ...page })).action
  }
  let action = await read()
  let readAt = io.clock.monotonic()
  // What changed before the stream was open is found by reading once more.
  let isStale = true
  while (action?.status === 'open') {
    display.show(action)
    const taken = await stream.take(isStale ? READ_MS : null)
    if (taken === 'ended') break
    const change = taken === 'nothing' ? null : changeOf(taken, actionId)
    if (change !== null) display.note(change)
    isStale ||= change !== null || (taken !== 'nothing' && taken.kind === 'reset')
    const isDue = taken === 'nothing' || io.clock.monotonic() - readAt >= READ_MS
    if (!isStale || !isDue) continue
    action = await read()
    readAt = io.clock.monotonic()
    isStale = false
  }
  await stream.close()
  display.end()
  if (action === null) return refuseFailed(`the server told nothing of action ${actionId}`)
  return answerOf(action, io.stdout)
}

type Taken = FollowedEvent | 'nothing' | 'ended'

/** Events one by one, or nothing when the time for the next one is over; it comes later then. */
function takingFrom(events: AsyncGenerator<FollowedEvent, void, undefined>, clock: Clock) {
  let next: Promise<FollowedEvent | 'ended'> | null = null
  return {
    async take(limitMs: number | null): Promise<Taken> {
      next ??= events.next().then((came) => (came.done === true ? 'ended' : came.value))
      const limit = limitMs === null ? null : clock.sleep(limitMs)
      const late = limit === null ? [] : [limit.done.then(() => 'nothing' as const)]
      const taken = await Promise.race([next, ...late])
      limit?.cancel()
      if (taken !== 'nothing') next = null
      return taken
    },
    async close(): Promise<void> {
      // One that is awaited would hold this up until the server says something.
      if (next === null) await events.return()
    },
  }
}

function answerOf(action: UpgradeActionObject, output: Output): Outcome {
  const { succeeded = 0 } = action.counts
  const exitCode = succeeded === action.endpoints_count ? EXIT.done : EXIT.failed
  return accept({ exitCode, lines: linesOf(action, output), json: { action } })
}

function linesOf(action: UpgradeActionObject, output: Output): string[] {
  const head = `Action ${action.group_action_id} to ${targetsText(action)}`
  const { rollout } = action
  if (rollout == null) return [`${head}: ${stateCountsText(action)}`]
  return [`${head}: ${rolloutText(rollout)}`, ...waveLines(rollout, output)]
}

/** Null: it is about something else. */
function changeOf(followed: FollowedEvent, actionId: number): string | null {
  if (followed.kind === 'reset') return null
  const { event } = followed
  return 'group_action_id' in event && event.group_action_id === actionId ? textOf(event) : null
}

function textOf(event: StreamedEvent): string | null {
  const time = new Date(event.at).toISOString().slice(11, 19)
  switch (event.type) {
    case 'upgrade.changed':
      return `${time}  ${event.endpoint_id}  ${upgradeText({ ...event, opens_at: null })}`
    case 'rollout.changed': {
      const said = event.message === null ? '' : ` (${event.message})`
      return `${time}  rollout ${event.state}: ${event.reason}${said}, at wave ${event.wave}`
    }
    case 'upgrade-action.cancelled':
      return `${time}  cancelled by ${event.by}: ${event.endpoints_count} endpoints`
    default:
      return null
  }
}

type Display = {
  show(action: UpgradeActionObject): void
  note(change: string): void
  end(): void
}

function blockDisplay(output: Output): Display {
  const lines = startLiveLines(output)
  const newest: string[] = []
  return {
    show: (action) => {
      const changes = newest.length === 0 ? [] : ['', ...newest]
      lines.draw([...linesOf(action, output), ...changes])
    },
    note(change) {
      newest.unshift(printable(change))
      newest.length = Math.min(newest.length, CHANGES_SHOWN)
    },
    end: () => lines.clear(),
  }
}

function lineDisplay(output: Output): Display {
  let told = ''
  return {
    show(action) {
      const { rollout } = action
      const line = rollout == null ? stateCountsText(action) : rolloutText(rollout)
      if (line !== told) output.write(`${line}\n`)
      told = line
    },
    note: (change) => output.write(`${printable(change)}\n`),
    end() {},
  }
}

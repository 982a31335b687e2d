/**
 * Watches upgrade actions until every endpoint has come to its end: on a terminal one line for
 * each, drawn again in place; elsewhere one line for each change.
 */
import type { Client } from '../client/client.ts'
import { findEndpoints, where } from './find-endpoints.ts'
import type { Io } from './io.ts'
import { startLiveLines } from './live-lines.ts'
import { pollUntilDone } from './poll.ts'
import {
  alignedLines,
  countsText,
  isTerminalStatus,
  plainLine,
  type WatchedUpgrade,
} from './upgrade-lines.ts'

const PAUSE_MS = { first: 1000, most: 5000 }
/** A log needs no line for every percent. */
const PERCENT_STEP = 25
const NAMES_AT_ONCE = 100

export type Watched = {
  readonly upgrades: readonly WatchedUpgrade[]
  /** False when the time to wait was over before the last one ended. */
  readonly isFinished: boolean
}

export async function watchUpgrades(
  needs: { readonly io: Io; readonly client: Client },
  actionIds: readonly number[],
  limitMs: number | null,
): Promise<Watched> {
  const { io, client } = needs
  const names = new Map<string, string>()
  const display = io.stderr.isTerminal ? liveDisplay(io) : plainDisplay(io)
  let last: readonly WatchedUpgrade[] = []
  let lastText = ''
  const done = await pollUntilDone(io, {
    ask: () => loadUpgrades(client, actionIds, names),
    look: (upgrades) => {
      last = upgrades
      display.show(upgrades)
      const text = JSON.stringify(upgrades)
      const isSame = text === lastText
      lastText = text
      if (upgrades.every(({ status }) => isTerminalStatus(status))) return 'done'
      return isSame ? 'same' : 'changed'
    },
    onTrouble: () => display.trouble(),
    pauseMs: PAUSE_MS,
    limitMs,
  })
  display.end()
  return { upgrades: last, isFinished: done !== null }
}

/** How things stand now. */
export async function loadUpgrades(
  client: Client,
  actionIds: readonly number[],
  names: Map<string, string> = new Map(),
): Promise<readonly WatchedUpgrade[]> {
  const upgrades: Omit<WatchedUpgrade, 'name'>[] = []
  for (const actionId of actionIds) {
    const { data, details } = await client.actions.getActionStatus(actionId)
    for (const [endpointId, status] of Object.entries(data)) {
      upgrades.push({ endpointId, status, detail: details[endpointId] ?? null })
    }
  }
  await learnNames(client, upgrades, names)
  return upgrades
    .map((upgrade) => ({ ...upgrade, name: names.get(upgrade.endpointId) ?? upgrade.endpointId }))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
}

async function learnNames(
  client: Client,
  upgrades: readonly { readonly endpointId: string }[],
  names: Map<string, string>,
): Promise<void> {
  const unknown = upgrades.map(({ endpointId }) => endpointId).filter((id) => !names.has(id))
  for (let at = 0; at < unknown.length; at += NAMES_AT_ONCE) {
    const ids = unknown.slice(at, at + NAMES_AT_ONCE)
    const filters = [where('endpoint_id_list', ids)]
    const { endpoints } = await findEndpoints(client, filters, NAMES_AT_ONCE)
    // One that is not found any more keeps its id for a name, and is not asked for again.
    for (const id of ids) names.set(id, id)
    for (const endpoint of endpoints) {
      if (endpoint.endpoint_name !== '') names.set(endpoint.endpoint_id, endpoint.endpoint_name)
    }
  }
}

type Display = {
  show(upgrades: readonly WatchedUpgrade[]): void
  trouble(): void
  end(): void
}

function plainDisplay(io: Io): Display {
  const told = new Map<string, string>()
  let isTroubleTold = false
  return {
    show(upgrades) {
      isTroubleTold = false
      for (const upgrade of upgrades) {
        const { detail, status, endpointId } = upgrade
        const step = Math.floor((detail?.percent ?? 0) / PERCENT_STEP)
        const state = JSON.stringify([status, detail?.state, detail?.reason, step])
        if (told.get(endpointId) === state) continue
        told.set(endpointId, state)
        io.stderr.write(`${plainLine(upgrade)}\n`)
      }
    },
    trouble() {
      if (!isTroubleTold) io.stderr.write(`${TROUBLE}\n`)
      isTroubleTold = true
    },
    end() {},
  }
}

const TROUBLE = 'The server does not answer; asking again.'

function liveDisplay(io: Io): Display {
  const lines = startLiveLines(io.stderr)
  let last: readonly WatchedUpgrade[] = []
  return {
    show(upgrades) {
      last = upgrades
      lines.draw(linesThatFit(upgrades, io.stderr.rows()))
    },
    trouble: () => lines.draw([...linesThatFit(last, io.stderr.rows() - 1), TROUBLE]),
    end: () => lines.clear(),
  }
}

/** Those at work first, then what went wrong; the rest as a count when the window is too low. */
export function linesThatFit(upgrades: readonly WatchedUpgrade[], rows: number): string[] {
  const room = Math.max(1, rows - 3)
  const shown = upgrades
    .toSorted((left, right) => urgency(left) - urgency(right))
    .slice(0, upgrades.length > room ? room - 1 : room)
  const left = upgrades.length - shown.length
  return [
    ...alignedLines(shown),
    ...(left === 0 ? [] : [`... and ${left} more`]),
    countsText(upgrades),
  ]
}

function urgency({ status }: WatchedUpgrade): number {
  if (status === 'IN_PROGRESS') return 0
  if (status === 'PENDING') return 2
  return status === 'COMPLETED_SUCCESSFULLY' ? 3 : 1
}

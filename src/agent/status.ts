/**
 * `drydock-agent status`: asked of the running agent at its door (`status-door.ts`), and put
 * together from the state files when no agent answers. Nothing is written for it.
 */
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { equalInConstantTime } from '../base/digest.ts'
import type { Log } from '../base/log.ts'
import type { AttemptReport } from '../contract/agent/check-in.ts'
import { loadIdentity } from './identity.ts'
import type { Skipped, Slot } from './launcher/control.ts'
import { loadSlots } from './launcher/slots.ts'
import type { Layout } from './layout.ts'
import { removeTree, setMode } from './machine/files.ts'
import { findStatusDoor, type StatusDoor } from './status-door.ts'
import { loadJournal } from './update/journal.ts'
import { attemptReport } from './update/progress.ts'

export type Status = {
  readonly running: boolean
  readonly endpoint_id: string | null
  readonly server_url: string | null
  readonly version: string | null
  readonly backup: string | null
  readonly on_probation: boolean
  /** ISO 8601, UTC; null: not since the agent started. */
  readonly last_check_in: string | null
  readonly last_error: string | null
  readonly payload: { readonly status: string; readonly reason: string | null } | null
  readonly attempt: AttemptReport | null
  readonly skipped: readonly Skipped[]
}

const ANSWER_WITHIN_MS = 2_000
const ANSWER_BYTES_MAX = 256 * 1024

/** Sockets are handed in, like the network: the simulator has none. */
export type ServeStatus = (door: StatusDoor, log: Log, status: () => Status) => { close(): void }

/**
 * Answers every connection that says the secret with the status, and ends it. A status that cannot
 * be served stops nobody's work.
 */
export function serveStatus(
  { address, secret }: StatusDoor,
  log: Log,
  status: () => Status,
): Server {
  if (secret === '') removeTree(address)
  const server = createServer((socket) => {
    // Best effort: who asked and left does not matter.
    socket.on('error', () => {})
    const answer = () => socket.end(JSON.stringify(status()))
    if (secret === '') answer()
    else whenSaid(socket, secret, answer)
  })
  server.on('error', (error) => log.warn({ error: error.message }, 'status is not served'))
  // Its folder is root's alone already; nobody else's business even where that was loosened.
  server.listen(address, () => {
    if (secret === '') setMode(address, 0o600)
  })
  return server
}

/** Who says anything else, or nothing for a while, is not answered. */
function whenSaid(socket: Socket, secret: string, answer: () => void): void {
  let said = ''
  socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy())
  socket.setEncoding('utf8').on('data', (piece: string) => {
    said += piece
    if (said.length < secret.length) return
    if (equalInConstantTime(said, secret)) answer()
    else socket.destroy()
  })
}

export async function readStatus(layout: Layout, clock: Clock, log: Log): Promise<Status> {
  const door = findStatusDoor(layout.status)
  const answer = door === null ? null : await askStatus(door, clock)
  return answer ?? statusOfFiles(layout, log)
}

function askStatus({ address, secret }: StatusDoor, clock: Clock): Promise<Status | null> {
  const limit = clock.sleep(ANSWER_WITHIN_MS)
  const asked = new Promise<Status | null>((resolve) => {
    let text = ''
    const socket = createConnection(address)
    if (secret !== '') socket.write(secret)
    void limit.done.then(() => {
      socket.destroy()
      resolve(null)
    })
    socket.setEncoding('utf8')
    socket.on('error', () => resolve(null))
    socket.on('data', (piece: string) => {
      text += piece
      if (text.length > ANSWER_BYTES_MAX) socket.destroy()
    })
    socket.on('close', () => resolve(parseStatus(text)))
  })
  return asked.finally(limit.cancel)
}

function parseStatus(text: string): Status | null {
  try {
    // Written by our own agent, on a socket in a folder that only it can write to.
    return text === '' ? null : JSON.parse(text)
  } catch {
    // Best effort: an agent that was killed while it answered; the files tell.
    return null
  }
}

function statusOfFiles(layout: Layout, log: Log): Status {
  const identity = loadIdentity(layout.identity)
  const slots = loadSlots(layout.slots, log)
  const { active, backup, outcome, probation, skip } = slots
  const known =
    active === null
      ? null
      : { kind: 'slots' as const, protocol: 1, active, backup, kept: [], probation, skip, outcome }
  return {
    running: false,
    endpoint_id: identity?.endpoint_id ?? null,
    server_url: identity?.server_url ?? null,
    version: versionOf(active),
    backup: versionOf(backup),
    on_probation: probation !== null,
    last_check_in: null,
    last_error: null,
    payload: null,
    attempt: attemptReport(loadJournal(layout.journal).attempt, known, 0),
    skipped: skip,
  }
}

function versionOf(slot: Slot | null): string | null {
  return slot?.version ?? null
}

/** For a person: one line a fact. */
export function describeStatus(status: Status): string {
  const { attempt, payload } = status
  const rows: [string, string][] = [
    ['Agent', status.running ? 'running' : 'not running'],
    ['Enrolled', status.endpoint_id === null ? 'no' : `yes, endpoint ${status.endpoint_id}`],
    ['Server', status.server_url ?? 'none yet'],
    ['Version', `${status.version ?? 'none'}${status.on_probation ? ' (on probation)' : ''}`],
    ['Backup', status.backup ?? 'none'],
    ['Last check-in', status.last_check_in ?? 'none since the agent started'],
  ]
  if (payload !== null) {
    rows.push([
      'Payload',
      payload.reason === null ? payload.status : `${payload.status}: ${payload.reason}`,
    ])
  }
  if (attempt !== null) {
    const why = attempt.reason === null ? '' : `: ${attempt.reason} (${attempt.message ?? ''})`
    rows.push(['Upgrade', `${attempt.phase}, ${attempt.percent} %${why}`])
  }
  for (const each of status.skipped) {
    rows.push(['Skipped', `${each.version}: ${each.reason} (${each.message})`])
  }
  if (status.last_error !== null) rows.push(['Last error', status.last_error])
  return rows.map(([name, value]) => `${`${name}:`.padEnd(15)}${printable(value)}\n`).join('')
}

/** Some of it are words of a server or a proxy: they must not steer root's terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?')
}

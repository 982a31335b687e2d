/**
 * Versions to roll out in a simulated world: good ones, and bad ones of every kind. What is wrong
 * with a version stands in its own files, which are signed, downloaded and verified like any
 * other's; a simulated machine reads it there when it starts them.
 */
import { fromUtf8, utf8 } from '../base/bytes.ts'
import type { ManifestPayload } from '../contract/manifest.ts'

/** How the agent of a version behaves. */
export const AGENT_KINDS = [
  'good',
  'exits-at-once',
  /** After 20 s, in which it says hello and no more. */
  'exits-later',
  'never-says-hello',
  /** Says hello, and hears and says nothing from then on, SIGTERM included. */
  'hangs',
  'never-checks-in',
  'fails-on-some-machines',
  /** Half an hour after each start: past every probation. */
  'dies-after-probation',
  /** Half an hour after each start it loses the network. */
  'goes-silent',
  'crashes-on-second-start',
] as const
export type AgentKind = (typeof AGENT_KINDS)[number]

/** What becomes of it on a machine where it is rolled out. */
type Fate =
  | 'stays'
  /** Not switched to. */
  | 'failed'
  | 'rolled-back'
  /** It proves itself, and is bad all the same: only the server can see that. */
  | 'bad-later'

type Kind = {
  readonly agent: AgentKind
  readonly fate: Fate
  /** What its payload does; null: it has none. */
  readonly payload: { readonly runsForMs: number | null; readonly checkExits: number } | null
  readonly ballastBytes: number
}

const SOUND = { runsForMs: null, checkExits: 0 } as const
/** With what an upgrade leaves free besides, more than a simulated machine has by itself. */
const TOO_LARGE_BYTES = 12 * 1024 * 1024

function agentOnly(agent: AgentKind, fate: Fate): Kind {
  return { agent, fate, payload: null, ballastBytes: 0 }
}

export const VERSION_KINDS = {
  good: { agent: 'good', fate: 'stays', payload: SOUND, ballastBytes: 0 },
  bare: agentOnly('good', 'stays'),
  'exits-at-once': agentOnly('exits-at-once', 'rolled-back'),
  'exits-later': agentOnly('exits-later', 'rolled-back'),
  'never-says-hello': agentOnly('never-says-hello', 'rolled-back'),
  hangs: agentOnly('hangs', 'rolled-back'),
  'never-checks-in': agentOnly('never-checks-in', 'rolled-back'),
  'fails-on-some-machines': agentOnly('fails-on-some-machines', 'rolled-back'),
  'dies-after-probation': agentOnly('dies-after-probation', 'bad-later'),
  'goes-silent': agentOnly('goes-silent', 'bad-later'),
  'crashes-on-second-start': agentOnly('crashes-on-second-start', 'bad-later'),
  unhealthy: {
    agent: 'good',
    fate: 'rolled-back',
    payload: { runsForMs: null, checkExits: 1 },
    ballastBytes: 0,
  },
  'payload-dies': {
    agent: 'good',
    fate: 'rolled-back',
    payload: { runsForMs: 1_500, checkExits: 0 },
    ballastBytes: 0,
  },
  'too-large': { agent: 'good', fate: 'failed', payload: null, ballastBytes: TOO_LARGE_BYTES },
  /** Its signed digests are not those of what is served (`sealRelease`). */
  damaged: agentOnly('good', 'failed'),
} as const satisfies Readonly<Record<string, Kind>>
export type VersionKind = keyof typeof VERSION_KINDS

export type VersionFile = {
  readonly path: string
  readonly bytes: Uint8Array
  readonly executable: boolean
}

export type SimVersion = {
  readonly version: string
  readonly kind: VersionKind
  /** Sorted by path, as a manifest has them. */
  readonly files: readonly VersionFile[]
  readonly payload: ManifestPayload | null
}

const PAYLOAD: ManifestPayload = {
  run: ['service'],
  health: ['check'],
  health_interval_s: 60,
  health_timeout_s: 10,
  stop_timeout_s: 5,
}
/** A check that is to fail is asked often, so that it has failed before the agent is believed. */
const HASTY = { ...PAYLOAD, health_interval_s: 1 }

export function makeVersion(version: string, kind: VersionKind = 'good'): SimVersion {
  const { agent, payload, ballastBytes }: Kind = VERSION_KINDS[kind]
  const files: VersionFile[] = [textFile('agent.mjs', { kind: agent, version }, false)]
  if (ballastBytes > 0) {
    const bytes = new Uint8Array(ballastBytes)
    bytes.set(utf8(version))
    files.push({ path: 'payload/ballast', bytes, executable: false })
  }
  if (payload === null) return { version, kind, files, payload: null }
  const { runsForMs, checkExits } = payload
  files.push(textFile('payload/check', { exitCode: checkExits, version }, true))
  files.push(textFile('payload/service', { runsForMs, version }, true))
  return { version, kind, files, payload: checkExits === 0 ? PAYLOAD : HASTY }
}

function textFile(path: string, content: unknown, executable: boolean): VersionFile {
  return { path, bytes: utf8(`${JSON.stringify(content)}\n`), executable }
}

/** What a simulated program does, as its file says; null: the file is none of ours. */
export function programOf(bytes: Uint8Array): SimProgram | null {
  try {
    // Written by `makeVersion`, and verified by the launcher before it is read here.
    return JSON.parse(fromUtf8(bytes)) as SimProgram
  } catch {
    // Best effort: damaged bytes are no program, and are reported as one that does not start.
    return null
  }
}

export type SimProgram = {
  readonly kind?: AgentKind
  readonly runsForMs?: number | null
  readonly exitCode?: number
}

/**
 * The agent of a version as a process: the real one, with its own clock, disk and network, or one
 * that is bad in the way that its file says.
 */
import type { Readable, Writable } from 'node:stream'
import { Agent } from '../../agent/agent.ts'
import { cleanEnvironment } from '../../agent/environment.ts'
import type { Machine } from '../../agent/facts/machine.ts'
import { writeLine } from '../../agent/launcher/control.ts'
import type { Layout } from '../../agent/layout.ts'
import type { Processes } from '../../agent/machine/processes.ts'
import { trustedKeysOf } from '../../agent/manifest.ts'
import type { Fetch } from '../../agent/server-link.ts'
import { loadSettings } from '../../agent/settings.ts'
import type { Status } from '../../agent/status.ts'
import { readManifest } from '../../agent/version-directory.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import { LAUNCHER_PROTOCOL } from '../../contract/manifest.ts'
import type { AgentKind } from '../bad-versions.ts'
import type { Program } from './kernel.ts'

const EXITS_LATER_MS = 20_000
const BAD_LATER_MS = 30 * 60_000

export type AgentStart = {
  readonly layout: Layout
  readonly versionFolder: string
  readonly machine: Machine
  readonly processes: Processes
  readonly input: Readable
  readonly output: Writable
  readonly fetch: Fetch
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** How often this version was started on this machine, this time included. */
  readonly starts: number
  /** Whether this is one of the machines on which some versions fail. */
  readonly isUnlucky: boolean
  exit(code: number): void
  /** How the running agent is asked for its status. */
  onStatus(status: () => Status): void
}

export function startAgent(kind: AgentKind, start: AgentStart): Pick<Program, 'askToEnd'> {
  const { exit } = start
  const dies = { askToEnd: () => exit(143) }
  switch (kind) {
    case 'good':
      return runAgent(start)
    case 'exits-at-once':
      exit(1)
      return dies
    case 'exits-later':
      sayHello(start)
      after(start, EXITS_LATER_MS, () => exit(1))
      return dies
    case 'never-says-hello':
      return dies
    case 'hangs':
      sayHello(start)
      return { askToEnd() {} }
    case 'never-checks-in':
      return runAgent({ ...start, fetch: unreachableServer })
    case 'fails-on-some-machines':
      return startAgent(start.isUnlucky ? 'exits-at-once' : 'good', start)
    case 'dies-after-probation':
      after(start, BAD_LATER_MS, () => exit(1))
      return runAgent(start)
    case 'goes-silent':
      return runAgent({ ...start, fetch: untilLater(start) })
    case 'crashes-on-second-start':
      return startAgent(start.starts > 1 ? 'exits-at-once' : 'good', start)
  }
}

/** As `main/agent.ts` does it. */
function runAgent(start: AgentStart): Pick<Program, 'askToEnd'> {
  const { layout, versionFolder, log, exit } = start
  const settings = loadSettings(layout, log)
  const keys = settings.ok ? trustedKeysOf(settings.value) : []
  const version = readManifest(versionFolder, keys)
  if (!settings.ok || !version.ok) {
    exit(1)
    return { askToEnd() {} }
  }
  const agent = new Agent({
    ...start,
    version: version.value,
    installation: settings.value,
    environment: cleanEnvironment('linux'),
    pod: null,
    serveStatus: (_door, _log, status) => {
      start.onStatus(status)
      return { close() {} }
    },
  })
  agent.run().then(
    () => exit(0),
    // Best effort: an agent that a fault ends is a process with another exit code.
    () => exit(1),
  )
  return { askToEnd: () => agent.stop() }
}

function sayHello({ output }: AgentStart): void {
  output.write(writeLine({ kind: 'hello', protocol: LAUNCHER_PROTOCOL, version: '0.0.0.0' }))
}

function after({ clock }: AgentStart, ms: number, act: () => void): void {
  void clock.sleep(ms).done.then(act)
}

async function unreachableServer(): Promise<never> {
  throw new TypeError('fetch failed')
}

function untilLater({ clock, fetch }: AgentStart): Fetch {
  const began = clock.monotonic()
  return (url, init) =>
    clock.monotonic() - began < BAD_LATER_MS ? fetch(url, init) : unreachableServer()
}

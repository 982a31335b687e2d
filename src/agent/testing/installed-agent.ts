/**
 * A real agent for tests: the compiled launcher, installed below a folder as a package would, and
 * run.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Layout, layoutFor } from '../layout.ts'
import { openProcesses } from '../machine/open-processes.ts'
import { type Release, trustedKeys } from './release.ts'

export type InstalledAgent = {
  readonly layout: Layout
  readonly launcher: string
  /** Lines of the launcher's and the agent's log. */
  readonly log: string[]
  start(): ChildProcess
  /** Runs a command of the executable to its end. */
  ask(...args: string[]): Promise<{ readonly code: number; readonly output: string }>
  /** What the launcher noted of the agent that it started last. */
  running(): { readonly pid: number; readonly startTime: number; readonly bootId: string }
  remove(): Promise<void>
}

export function installAgent(order: {
  readonly launcher: string
  readonly seed: Release
  readonly serverUrl: string
  readonly proxy?: readonly string[]
}): InstalledAgent {
  const root = mkdtempSync(join(tmpdir(), 'drydock-agent-'))
  const layout = layoutFor(root, order.launcher)
  mkdirSync(layout.program, { recursive: true })
  const launcher = join(layout.program, 'drydock-agent')
  linkSync(order.launcher, launcher)
  writeSeed(layout, order.seed)
  const enrolment = {
    schema: 1,
    server_url: order.serverUrl,
    distribution_id: 'd'.repeat(32),
    token: 'token',
    proxy: order.proxy ?? [],
    endpoint_tags: ['test'],
    trusted_keys: trustedKeys,
  }
  writeFileSync(layout.enrolment, JSON.stringify(enrolment), { mode: 0o600 })
  const log: string[] = []
  const started: ChildProcess[] = []
  const run = (args: readonly string[]) => spawn(launcher, [...args, '--root', root], { env: {} })
  const running = () => JSON.parse(readFileSync(layout.running, 'utf8'))
  return {
    layout,
    launcher,
    log,
    running,
    start() {
      const child = run(['run'])
      child.stderr.setEncoding('utf8').on('data', (text: string) => log.push(...text.split('\n')))
      started.push(child)
      return child
    },
    async ask(...args) {
      const child = run(args)
      const [output, [code]] = await Promise.all([textOf(child), once(child, 'exit')])
      return { code: Number(code), output }
    },
    async remove() {
      for (const child of started) await stopChild(child)
      try {
        ;(await openProcesses()).killSession(running())
      } catch {
        // Best effort: no agent was ever started here.
      }
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** What the package of a release puts into the program folder. */
export function writeSeed(layout: Layout, release: Release): void {
  rmSync(layout.seed, { recursive: true, force: true })
  mkdirSync(layout.seed, { recursive: true })
  writeFileSync(join(layout.seed, 'manifest.json'), release.envelope)
  for (const { path, bytes, executable } of release.files) {
    const file = join(layout.seed, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytes)
    chmodSync(file, executable ? 0o755 : 0o644)
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  await once(child, 'close')
  return text
}

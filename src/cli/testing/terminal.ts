/** A CLI without a process: what it prints is kept, time passes when it waits. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { systemRandom } from '../../base/random.ts'
import {
  type FakeCalls,
  type FakeFiles,
  startFakeServer,
} from '../../client/testing/fake-server.ts'
import type { Io, Output, OwnServer } from '../io.ts'
import { keyFileText } from '../key-file.ts'
import { run } from '../run.ts'

export const NOW = Date.parse('2026-11-22T12:00:00Z')
/** Shorter sleeps are pauses, and are over at once; longer ones are time limits. */
const PAUSE_MS_MAX = 20_000

/** Time that passes only where the program under test waits. */
export class HastyClock implements Clock {
  #passedMs = 0

  now() {
    return NOW + this.#passedMs
  }

  monotonic() {
    return this.#passedMs
  }

  sleep(ms: number) {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (ms < PAUSE_MS_MAX) {
      this.#passedMs += ms
      setImmediate(resolve)
    }
    return { done: promise, cancel: resolve }
  }
}

export class Screen implements Output {
  text = ''
  readonly isTerminal: boolean
  readonly #columns: number

  constructor(columns: number | null) {
    this.isTerminal = columns !== null
    this.#columns = columns ?? 80
  }

  write(text: string) {
    this.text += text
  }

  columns() {
    return this.#columns
  }

  rows() {
    return 24
  }
}

export type Told = { readonly code: number; readonly stdout: string; readonly stderr: string }

export type TestCli = AsyncDisposable & {
  /** A folder of the test's own; holds `key.json`. */
  readonly folder: string
  readonly url: string
  readonly seen: readonly { readonly call: string }[]
  readonly artifacts: ReadonlyMap<string, Buffer>
  run(...argv: string[]): Promise<Told>
}

type Settings = {
  readonly files?: FakeFiles
  /** Of the terminal; null: a pipe. */
  readonly columns?: number | null
  readonly ownServer?: Partial<OwnServer>
  readonly server?: string
}

export async function startTestCli(calls: FakeCalls, settings: Settings = {}): Promise<TestCli> {
  const folder = await mkdtemp(join(tmpdir(), 'drydock-cli-'))
  const server = await startFakeServer(calls, settings.files)
  const keyFile = join(folder, 'key.json')
  await writeFile(keyFile, keyFileText({ id: 1, key: 'k'.repeat(128), mode: 'standard' }))
  const url = settings.server ?? server.url
  return {
    folder,
    url,
    seen: server.seen,
    artifacts: server.artifacts,
    async run(...argv) {
      const stdout = new Screen(settings.columns ?? null)
      const stderr = new Screen(settings.columns ?? null)
      const io: Io = {
        stdout,
        stderr,
        clock: new HastyClock(),
        random: systemRandom,
        fetch,
        settings: { server: url, keyFile },
      }
      const own = { server: ownServer(settings.ownServer ?? {}), version: '1.2.3' }
      const code = await run(argv, io, own)
      return { code, stdout: stdout.text, stderr: stderr.text }
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function ownServer(given: Partial<OwnServer>): OwnServer {
  const unexpected = () => Promise.reject(new Error('the test has no such command'))
  return { serve: unexpected, backup: unexpected, restore: unexpected, ...given }
}

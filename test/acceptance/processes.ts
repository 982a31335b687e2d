/**
 * Real processes for acceptance tests and benchmarks: started, watched, and ended by their own pid.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { systemClock } from '../../src/base/clock.ts'

export type Running = AsyncDisposable & {
  readonly pid: number
  /** What it has written so far, stdout and stderr together. */
  output(): string
  /** Resolves when the output holds the text; rejects when the process ends before. */
  said(text: string): Promise<void>
  /** Sends a signal and waits for the end; the exit code or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>
  readonly ended: Promise<number | string>
}

export function start(
  command: readonly [string, ...string[]],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Running {
  const [program, ...args] = command
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${program} could not be started`)
  const heard = listen(child)
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    return await ended
  }
  return {
    pid,
    output: heard.output,
    said: (text) => Promise.race([heard.said(text), ended.then(() => endedBefore(text, heard))]),
    end,
    ended,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL')
    },
  }
}

type Heard = { output(): string; said(text: string): Promise<void> }

function listen(child: ChildProcess): Heard {
  let output = ''
  const waiting = new Set<{ readonly text: string; readonly resolve: () => void }>()
  const hear = (chunk: Buffer) => {
    output += chunk.toString()
    for (const waiter of waiting) {
      if (!output.includes(waiter.text)) continue
      waiting.delete(waiter)
      waiter.resolve()
    }
  }
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  const said = (text: string) =>
    new Promise<void>((resolve) => {
      if (output.includes(text)) resolve()
      else waiting.add({ text, resolve })
    })
  return { output: () => output, said }
}

function endedBefore(text: string, heard: Heard): never {
  throw new Error(`it ended before it said "${text}":\n${heard.output()}`)
}

/** Runs a program to its end; throws with its output unless it ends with 0. */
export async function run(
  command: readonly [string, ...string[]],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<string> {
  const running = start(command, options)
  const code = await running.ended
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${running.output()}`)
  return running.output()
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/**
 * Asks again until the answer is no longer null, for what another process does and announces to
 * nobody. Fails after `patienceMs`, saying what it waited for.
 */
export async function eventually<Value>(
  what: string,
  ask: () => Promise<Value | null>,
  patienceMs = 60_000,
  everyMs = 25,
): Promise<Value> {
  const until = systemClock.monotonic() + patienceMs
  for (;;) {
    const answer = await ask()
    if (answer !== null) return answer
    if (systemClock.monotonic() > until) throw new Error(`waited ${patienceMs} ms for: ${what}`)
    await systemClock.sleep(everyMs).done
  }
}

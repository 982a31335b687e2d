import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Saying } from './embedded-child.ts'

const PROGRAM = fileURLToPath(new URL('./embedded-child.ts', import.meta.url))

export type EmbeddedProcess = {
  readonly child: ChildProcess
  /** The highest row it said was committed. */
  lastRow(): number
  said(pattern: RegExp): Promise<Saying>
  kill(): Promise<void>
  stop(): Promise<number | null>
}

/**
 * A process of its own that runs an embedded PostgreSQL in the folder; `prefix` goes before the
 * command.
 */
export function startEmbeddedProcess(
  folder: string,
  prefix: readonly string[] = [],
): EmbeddedProcess {
  const [command = '', ...rest] = [...prefix, process.execPath, PROGRAM, folder]
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' })
  const lines: Saying[] = []
  const output = createInterface({ input: child.stdout })
  // The program prints nothing else.
  output.on('line', (line) => lines.push(line as Saying))
  const ended = once(child, 'close')
  return {
    child,
    lastRow: () =>
      Math.max(
        0,
        ...lines.filter((line) => line.startsWith('row ')).map((line) => Number(line.slice(4))),
      ),
    async said(pattern) {
      for (;;) {
        const line = lines.find((said) => pattern.test(said))
        if (line !== undefined) return line
        const isOver = await Promise.race([once(output, 'line'), ended.then(() => 'over')])
        if (isOver === 'over') throw new Error(`it ended; it said ${lines.slice(-3).join(', ')}`)
      }
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async stop() {
      child.stdin.write('stop\n')
      await ended
      return child.exitCode
    },
  }
}

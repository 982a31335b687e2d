/**
 * What launcher and agent need of their machine's processes. An agent is started as the head of
 * what is called a session here: everything that it starts belongs to it, and can be found and
 * killed when its head has ended. How a machine does that (a session of Unix, a job of Windows) is
 * the affair of its own file.
 */
import { type ChildProcess, spawn } from 'node:child_process'

/**
 * One process, told apart for good: a process id is used again by the kernel, but id, start time
 * and boot id together name one process.
 */
export type ProcessName = {
  readonly pid: number
  /** In the machine's own unit: clock ticks after boot on Linux, microseconds on Windows. */
  readonly startTime: number
  /** Empty where the start time alone tells boots apart. */
  readonly bootId: string
}

export type Command = readonly [string, ...string[]]
export type Environment = Readonly<Record<string, string>>

export type Processes = {
  /** Starts a program as the head of a session, with pipes for control. */
  startSession(order: {
    readonly command: Command
    readonly environment: Environment
    /** `inherit` is our own stderr; `pipe` gives it to who started it. */
    readonly stderr: 'inherit' | 'pipe'
  }): ChildProcess
  /**
   * Starts a program in our own session. What it prints goes to our stderr: our stdout is the
   * control line.
   */
  startFollower(command: Command, folder: string, environment: Environment): ChildProcess
  /** Asks one of our programs to end, in the way of this machine; one that ended is fine. */
  askToEnd(child: ChildProcess): void
  /** Ends one of our programs at once, without its followers; one that ended is fine. */
  kill(child: ChildProcess): void
  /** Null when there is no such process. */
  name(pid: number): ProcessName | null
  /** Kills a session, its head included; how many processes that were. */
  killSession(head: ProcessName): number
  /** Kills everything in our own session but ourselves: what a payload left behind. */
  killFollowers(): number
}

/** Runs a program on our own terminal; its exit code, or 1 when a signal ended it. */
export function runToTheEnd(command: Command, environment: Environment): Promise<number> {
  const [program, ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env: environment, cwd: '/' })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/**
 * The processes of one simulated machine from one boot to the next: names that are never used
 * twice, sessions that are killed as a whole, and ends that their parents hear of.
 */
import { EventEmitter } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { Command, Processes, ProcessName } from '../../agent/machine/processes.ts'

type Child = ReturnType<Processes['startSession']>

/** What a program does when it is told something. */
export type Program = {
  /** SIGTERM. */
  askToEnd(): void
  /** It is gone, whatever it was at. */
  hasEnded(): void
}

type Running = {
  readonly name: ProcessName
  readonly session: number
  readonly child: EventEmitter & { exitCode: number | null; signalCode: string | null }
  program: Program | null
}

/** Starts what a command names; null: there is no such program. */
export type Starter = (
  command: Command,
  pid: number,
  exit: (code: number) => void,
) => Started | null
export type Started = {
  readonly program: Program
  readonly stdin: Writable | null
  readonly stdout: Readable | null
}

export class Kernel {
  readonly #bootId: string
  readonly #now: () => number
  readonly #running = new Map<number, Running>()
  #nextPid = 100

  constructor(bootId: string, now: () => number) {
    this.#bootId = bootId
    this.#now = now
  }

  /** As the process `pid` sees them. */
  processesOf(
    pid: number,
    starters: {
      /** How the head of a session is started. */
      readonly head: Starter
      /** How a member of its own is. */
      readonly follow: Starter
    },
  ): Processes {
    return {
      startSession: ({ command }) => this.#start(command, null, starters.head),
      startFollower: (command) => this.#start(command, this.#sessionOf(pid), starters.follow),
      askToEnd: (child) => this.#running.get(child.pid ?? 0)?.program?.askToEnd(),
      kill: (child) => this.#end(this.#running.get(child.pid ?? 0), { signal: 'SIGKILL' }),
      name: (asked) => this.#running.get(asked)?.name ?? null,
      killSession: (head) => this.#killSession(head),
      killFollowers: () => {
        const session = this.#sessionOf(pid)
        return this.#killAll(([each, task]) => task.session === session && each !== pid)
      },
    }
  }

  /** The process of a session's head, if it runs. */
  kill(pid: number): void {
    this.#end(this.#running.get(pid), { signal: 'SIGKILL' })
  }

  /** The power is gone: nothing runs, and nobody hears of it. */
  cutPower(): void {
    const running = [...this.#running.values()]
    this.#running.clear()
    for (const { program } of running) program?.hasEnded()
  }

  #sessionOf(pid: number): number {
    return this.#running.get(pid)?.session ?? pid
  }

  #start(command: Command, session: number | null, starter: Starter): Child {
    const pid = this.#nextPid
    this.#nextPid += 1
    const child = Object.assign(new EventEmitter(), { pid, exitCode: null, signalCode: null })
    const name = { pid, startTime: this.#now(), bootId: this.#bootId }
    const task: Running = { name, session: session ?? pid, child, program: null }
    this.#running.set(pid, task)
    const started = starter(command, pid, (code) => this.#end(task, { code }))
    if (started === null) {
      this.#running.delete(pid)
      process.nextTick(() => child.emit('error', new Error(`spawn ${command[0]} ENOENT`)))
    } else {
      task.program = started.program
      if (!this.#running.has(pid)) started.program.hasEnded()
    }
    const { stdin = null, stdout = null } = started ?? {}
    // What launcher and agent use of a child process is here; the rest of the class is not.
    return Object.assign(child, { stdin, stdout, stderr: null }) as unknown as Child
  }

  #killSession(head: ProcessName): number {
    if (head.bootId !== this.#bootId) return 0
    return this.#killAll(
      ([, task]) => task.session === head.pid && task.name.startTime >= head.startTime,
    )
  }

  #killAll(isMeant: (entry: [number, Running]) => boolean): number {
    const meant = [...this.#running].filter(isMeant)
    for (const [, task] of meant) this.#end(task, { signal: 'SIGKILL' })
    return meant.length
  }

  #end(task: Running | undefined, how: { readonly code?: number; readonly signal?: string }): void {
    if (task === undefined || !this.#running.delete(task.name.pid)) return
    task.program?.hasEnded()
    const { code = null, signal = null } = how
    task.child.exitCode = code
    task.child.signalCode = signal
    process.nextTick(() => task.child.emit('exit', code, signal))
  }
}

/**
 * One running agent, as its launcher sees it: a session of its own, a control line, and an end that
 * leaves nothing behind. When the agent ends, for whatever reason, what is left of its session is
 * killed.
 */
import type { ChildProcess } from 'node:child_process'
import * as z from 'zod'
import type { Clock } from '../../base/clock.ts'
import { readJsonFile, writeJsonFile } from '../json-file.ts'
import type { Command, Environment, Processes, ProcessName } from '../machine/processes.ts'
import {
  type AgentMessage,
  agentMessage,
  type LauncherMessage,
  LineReader,
  parseLine,
  writeLine,
} from './control.ts'

const running = z.strictObject({ pid: z.int().min(2), startTime: z.int(), bootId: z.string() })

export type AgentProcessEvents = {
  onMessage(message: AgentMessage): void
  /** The control line can no longer be trusted. */
  onBroken(): void
  onExit(how: string): void
  /** What it logs; null leaves that to our own stderr. */
  readonly onStderr: ((bytes: Uint8Array) => void) | null
  /** It runs, and the next launcher would not know of it. */
  onUnnoted(error: unknown): void
}

export type StartedAgent = {
  send(message: LauncherMessage): void
  /** Asked first; after the grace, the whole session is killed. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>
}

/**
 * Kills what an earlier launcher left running: it was killed together with, or before, its agent.
 */
export function killLeftOver(processes: Processes, runningFile: string): number {
  const read = readJsonFile(runningFile, running)
  return read.ok ? processes.killSession(read.value) : 0
}

export function startAgentProcess(
  start: {
    readonly command: Command
    readonly environment: Environment
    readonly runningFile: string
    readonly processes: Processes
    readonly clock: Clock
  },
  events: AgentProcessEvents,
): StartedAgent {
  const { processes, command, environment } = start
  const stderr = events.onStderr === null ? 'inherit' : 'pipe'
  const child = processes.startSession({ command, environment, stderr })
  const head = child.pid === undefined ? null : processes.name(child.pid)
  const killAll = () => {
    if (head !== null) processes.killSession(head)
  }
  const ended = whenEnded(child, killAll, events)
  listen(child, events)
  // Written before the agent is told anything: it starts its payload only then, so nothing that
  // could be left over is unknown to the next launcher. An agent that is told nothing ends when
  // this launcher does.
  if (head !== null) writeRunning(start.runningFile, head, events)
  return {
    send: (message) => void child.stdin?.write(writeLine(message)),
    stop: async (graceMs) => {
      processes.askToEnd(child)
      const grace = start.clock.sleep(graceMs)
      await Promise.race([ended, grace.done])
      grace.cancel()
      if (child.exitCode === null && child.signalCode === null) {
        killAll()
        processes.kill(child)
      }
      await ended
    },
  }
}

function writeRunning(path: string, head: ProcessName, events: AgentProcessEvents): void {
  try {
    writeJsonFile(path, head)
  } catch (error) {
    // Best effort: on a full disk an agent that runs is worth more than the note, which only a
    // launcher needs that comes after a kill -9 of both.
    events.onUnnoted(error)
  }
}

function whenEnded(
  child: ChildProcess,
  killAll: () => void,
  events: AgentProcessEvents,
): Promise<void> {
  return new Promise((resolve) => {
    const end = (how: string) => {
      killAll()
      resolve()
      events.onExit(how)
    }
    child.once('error', (error) => end(error.message))
    child.once('exit', (code, name) => end(name === null ? `exit code ${code}` : `signal ${name}`))
  })
}

function listen(child: ChildProcess, events: AgentProcessEvents): void {
  const reader = new LineReader((line) => {
    const message = parseLine(line, agentMessage)
    if (message !== null) events.onMessage(message)
  }, events.onBroken)
  child.stdout?.setEncoding('utf8')
  child.stdout?.on('data', (text: string) => reader.push(text))
  if (events.onStderr !== null) child.stderr?.on('data', events.onStderr)
  // Best effort: a write to an agent that just ended fails; its exit is what counts and is seen
  // anyway.
  child.stdin?.on('error', () => {})
}

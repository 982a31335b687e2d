/**
 * One running agent, as its launcher sees it: a session of its own, a control line, and an end that
 * leaves nothing behind. When the agent ends, for whatever reason, what is left of its session is
 * killed.
 */
import type { ChildProcess } from 'node:child_process'
import * as z from 'zod'
import type { Clock } from '../../base/clock.ts'
import { readJsonFile, writeJsonFile } from '../json-file.ts'
import {
  killSession,
  nameProcess,
  type ProcessName,
  signal,
  startSession,
} from '../machine/processes.ts'
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
  /** It runs, and the next launcher would not know of it. */
  onUnnoted(error: unknown): void
}

export type StartedAgent = {
  send(message: LauncherMessage): void
  /**
   * SIGTERM, then, after the grace, SIGKILL for the whole session. Resolves when the agent has
   * ended.
   */
  stop(graceMs: number): Promise<void>
}

/**
 * Kills what an earlier launcher left running: it was killed together with, or before, its agent.
 */
export function killLeftOver(runningFile: string): number {
  const read = readJsonFile(runningFile, running)
  return read.ok ? killSession(read.value) : 0
}

export function startAgentProcess(
  start: {
    readonly command: readonly [string, ...string[]]
    readonly environment: Readonly<Record<string, string>>
    readonly runningFile: string
    readonly clock: Clock
  },
  events: AgentProcessEvents,
): StartedAgent {
  const child = startSession(start.command, start.environment)
  const leader = child.pid === undefined ? null : nameProcess(child.pid)
  const ended = whenEnded(child, leader, events)
  listen(child, events)
  // Written before the agent is told anything: it starts its payload only then, so nothing that
  // could be left over is unknown to the next launcher. An agent that is told nothing ends when
  // this launcher does.
  if (leader !== null) writeRunning(start.runningFile, leader, events)
  return {
    send: (message) => void child.stdin?.write(writeLine(message)),
    stop: async (graceMs) => {
      if (child.pid !== undefined) signal(child.pid, 'SIGTERM')
      const grace = start.clock.sleep(graceMs)
      await Promise.race([ended, grace.done])
      grace.cancel()
      if (child.exitCode === null && child.signalCode === null) {
        if (leader !== null) killSession(leader)
        if (child.pid !== undefined) signal(child.pid, 'SIGKILL')
      }
      await ended
    },
  }
}

function writeRunning(path: string, leader: ProcessName, events: AgentProcessEvents): void {
  try {
    writeJsonFile(path, leader)
  } catch (error) {
    // Best effort: on a full disk an agent that runs is worth more than the note, which only a
    // launcher needs that comes after a kill -9 of both.
    events.onUnnoted(error)
  }
}

function whenEnded(
  child: ChildProcess,
  leader: ProcessName | null,
  events: AgentProcessEvents,
): Promise<void> {
  return new Promise((resolve) => {
    const end = (how: string) => {
      if (leader !== null) killSession(leader)
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
  // Best effort: a write to an agent that just ended fails; its exit is what counts and is seen
  // anyway.
  child.stdin?.on('error', () => {})
}

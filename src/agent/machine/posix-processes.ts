/**
 * Processes of Unix. The agent is started as the leader of a session of its own and its payload
 * stays in that session, so the session names everything that has to end with it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { errorCode } from './files.ts'
import type { Processes, ProcessName } from './processes.ts'

export type Member = { readonly pid: number; readonly session: number; readonly startTime: number }

export function posixProcesses(ownPid: number): Processes {
  return {
    startSession({ command: [program, ...args], environment, stderr }) {
      const stdio = ['pipe', 'pipe', stderr] as const
      return spawn(program, args, { detached: true, stdio: [...stdio], env: environment, cwd: '/' })
    },
    startFollower([program, ...args], folder, environment) {
      return spawn(program, args, {
        stdio: ['ignore', process.stderr.fd, process.stderr.fd],
        env: environment,
        cwd: folder,
      })
    },
    askToEnd: (child) => signalChild(child, 'SIGTERM'),
    kill: (child) => signalChild(child, 'SIGKILL'),
    name: nameProcess,
    killSession,
    killFollowers: () => killFollowers(ownPid),
  }
}

function signalChild({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined) signal(pid, name)
}

/** This boot of the machine; empty where the machine does not say. */
function bootId(): string {
  return readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
}

function nameProcess(pid: number): ProcessName | null {
  const member = readMember(pid)
  return member === null ? null : { pid, startTime: member.startTime, bootId: bootId() }
}

/**
 * Kills what is left of a session. A process counts as a member if it started no earlier than the
 * leader in the same boot: a session id is not used again while a member of it lives, so the rest
 * cannot be strangers.
 */
export function killSession(leader: ProcessName): number {
  if (leader.bootId !== bootId()) return 0
  const own = readMember(leader.pid)
  if (own !== null && own.startTime !== leader.startTime) return 0
  const members = listSession(leader.pid).filter((each) => each.startTime >= leader.startTime)
  for (const { pid } of members) signal(pid, 'SIGKILL')
  return members.length
}

function killFollowers(leaderPid: number): number {
  const followers = listSession(leaderPid).filter((each) => each.pid !== leaderPid)
  for (const { pid } of followers) signal(pid, 'SIGKILL')
  return followers.length
}

/** Sends a signal to a process or, when negative, a group; one that is gone already is fine. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error
  }
}

/** Living members of a session; empty where there is no /proc. */
function listSession(session: number): readonly Member[] {
  const members: Member[] = []
  for (const name of processNames()) {
    const member = /^\d+$/.test(name) ? readMember(Number(name)) : null
    if (member?.session === session) members.push(member)
  }
  return members
}

/**
 * One line of /proc/<pid>/stat; the name in brackets may hold anything, brackets and spaces
 * included.
 */
export function parseStat(
  text: string,
): { state: string; session: number; startTime: number } | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // proc(5) counts from 1 and two fields precede: state is 3, session 6, starttime 22.
  const [state, session, startTime] = [fields[0], Number(fields[3]), Number(fields[19])]
  if (state === undefined || !Number.isInteger(session) || !Number.isInteger(startTime)) return null
  return { state, session, startTime }
}

function readMember(pid: number): Member | null {
  const text = readProc(`/proc/${pid}/stat`)
  const stat = text === null ? null : parseStat(text)
  // A zombie has ended and only waits to be counted by its parent.
  if (stat === null || stat.state === 'Z' || stat.state === 'X') return null
  return { pid, session: stat.session, startTime: stat.startTime }
}

function processNames(): readonly string[] {
  try {
    return readdirSync('/proc')
  } catch {
    // Best effort: no /proc on this platform; the process group is killed all the same.
    return []
  }
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Best effort: the process ended while we looked, or there is no /proc.
    return null
  }
}

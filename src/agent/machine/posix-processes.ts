/**
 * Processes of Unix. The agent is started as the leader of a session of its own and its payload
 * stays in that session, so the session names everything that has to end with it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { errorCode } from './files.ts'
import type { Member, ProcessTable } from './process-table.ts'
import type { Processes, ProcessName } from './processes.ts'

export function posixProcesses(ownPid: number, table: ProcessTable): Processes {
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
    name(pid) {
      const member = table.member(pid)
      return member === null ? null : { pid, startTime: member.startTime, bootId: table.bootId() }
    },
    killSession: (leader) => killSession(table, leader),
    killFollowers: () => killAll(sessionOf(table, ownPid).filter(({ pid }) => pid !== ownPid)),
  }
}

function signalChild({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined) signal(pid, name)
}

/**
 * Kills what is left of a session. A process counts as a member if it started no earlier than the
 * leader in the same boot: a session id is not used again while a member of it lives, so the rest
 * cannot be strangers.
 */
function killSession(table: ProcessTable, leader: ProcessName): number {
  if (leader.bootId !== table.bootId()) return 0
  const own = table.member(leader.pid)
  if (own !== null && own.startTime !== leader.startTime) return 0
  const { pid, startTime } = leader
  return killAll(sessionOf(table, pid).filter((each) => each.startTime >= startTime))
}

function killAll(members: readonly Member[]): number {
  for (const { pid } of members) signal(pid, 'SIGKILL')
  return members.length
}

/** Living members of a session. */
function sessionOf(table: ProcessTable, session: number): readonly Member[] {
  return table.members().filter((member) => member.session === session)
}

/** Sends a signal to a process or, when negative, a group; one that is gone already is fine. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error
  }
}

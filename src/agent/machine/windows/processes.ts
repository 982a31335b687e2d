/**
 * Processes of Windows. Launcher and agent each put themselves into a job of their own before they
 * start anything: whatever they start is born into it, and ends with them, however they end,
 * because the last handle of the job is theirs (KILL_ON_JOB_CLOSE). The agent's job lies within the
 * launcher's. A program is asked to end by the end of its stdin: Windows has no
 * signals.
 *
 * Layouts and constants: "Job Objects" and "Process and Thread Functions" of Microsoft's Win32 API
 * documentation, winnt.h of the Windows SDK.
 */

import type { Functions } from 'bun:ffi'
import { type ChildProcess, spawn } from 'node:child_process'
import type { Environment, Processes, ProcessName } from '../processes.ts'
import { failedCall } from './win32.ts'

const PROCESS_TERMINATE = 0x0001
const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
/** What GetExitCodeProcess says of a process that has not ended: STATUS_PENDING. */
const STILL_ACTIVE = 259
/** JOBOBJECTINFOCLASS. */
const BASIC_PROCESS_ID_LIST = 3
const EXTENDED_LIMIT_INFORMATION = 9
/** JOBOBJECT_EXTENDED_LIMIT_INFORMATION of 64 bits; LimitFlags lie behind two LARGE_INTEGERs. */
const LIMITS_BYTES = 144
const LIMIT_FLAGS_AT = 16
const KILL_ON_JOB_CLOSE = 0x2000
/** More are killed in the next round. */
const LISTED_MAX = 1024
/** What starts programs faster than we end them is left to the end of the job. */
const KILL_ROUNDS = 20
/** FILETIME counts 100 ns from 1601; this many microseconds before 1970. */
const UNIX_EPOCH_US = 11_644_473_600_000_000n

const KERNEL = {
  CreateJobObjectW: { args: ['ptr', 'ptr'], returns: 'u64' },
  SetInformationJobObject: { args: ['u64', 'i32', 'ptr', 'u32'], returns: 'i32' },
  QueryInformationJobObject: { args: ['u64', 'i32', 'ptr', 'u32', 'ptr'], returns: 'i32' },
  AssignProcessToJobObject: { args: ['u64', 'u64'], returns: 'i32' },
  GetCurrentProcess: { args: [], returns: 'u64' },
  GetLastError: { args: [], returns: 'u32' },
  OpenProcess: { args: ['u32', 'i32', 'u32'], returns: 'u64' },
  TerminateProcess: { args: ['u64', 'u32'], returns: 'i32' },
  GetExitCodeProcess: { args: ['u64', 'ptr'], returns: 'i32' },
  GetProcessTimes: { args: ['u64', 'ptr', 'ptr', 'ptr', 'ptr'], returns: 'i32' },
  CloseHandle: { args: ['u64'], returns: 'i32' },
} as const
type Kernel = Functions<typeof KERNEL>

/** Joins a job of our own: to be called before anything is started. */
export async function openWindowsProcesses(): Promise<Processes> {
  const { dlopen } = await import('bun:ffi')
  const kernel = dlopen('kernel32.dll', KERNEL).symbols
  const job = joinOwnJob(kernel)
  const killFollowers = () => killOthers(kernel, job)
  return {
    startSession({ command: [program, ...args], environment, stderr }) {
      return spawn(program, args, {
        stdio: ['pipe', 'pipe', stderr],
        env: environment,
        cwd: systemFolder(environment),
        windowsHide: true,
      })
    },
    startFollower([program, ...args], folder, environment) {
      const { fd } = process.stderr
      const stdio = ['pipe', fd, fd] as const
      const child = spawn(program, args, {
        stdio: [...stdio],
        env: environment,
        cwd: folder,
        windowsHide: true,
      })
      // Best effort: nothing is ever written there, and a program may close its end.
      child.stdin?.on('error', () => {})
      return child
    },
    askToEnd: ({ stdin }) => void stdin?.end(),
    kill(child) {
      const name = child.pid === undefined || hasEnded(child) ? null : nameOf(kernel, child.pid)
      if (name !== null) terminate(kernel, name)
    },
    name: (pid) => nameOf(kernel, pid),
    // What its head started ends with the head's own job; what we started, with ours.
    killSession: (head) => terminate(kernel, head) + killFollowers(),
    killFollowers,
  }
}

/** Not the folder that a program lies in: nobody else can put a library there. */
function systemFolder(environment: Environment): string {
  return `${environment.SystemRoot ?? 'C:\\Windows'}\\System32`
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** The handle stays open for as long as this process lives, and is nobody else's. */
function joinOwnJob(kernel: Kernel): bigint {
  const job = kernel.CreateJobObjectW(null, null)
  const limits = new Uint8Array(LIMITS_BYTES)
  new DataView(limits.buffer).setUint32(LIMIT_FLAGS_AT, KILL_ON_JOB_CLOSE, true)
  const isLimited =
    job !== 0n &&
    kernel.SetInformationJobObject(job, EXTENDED_LIMIT_INFORMATION, limits, limits.length) !== 0
  if (!isLimited || kernel.AssignProcessToJobObject(job, kernel.GetCurrentProcess()) === 0) {
    throw failedCall('joining a job of our own', kernel.GetLastError())
  }
  return job
}

function killOthers(kernel: Kernel, job: bigint): number {
  const killed = new Set<number>()
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    const others = listJob(kernel, job).filter((pid) => pid !== process.pid)
    // The job is asked again at once: one that is ending is still listed, and counted once.
    const fresh = others.filter((pid) => !killed.has(pid))
    if (fresh.length === 0) break
    for (const pid of fresh) {
      const name = nameOf(kernel, pid)
      if (name !== null) terminate(kernel, name)
      killed.add(pid)
    }
  }
  return killed.size
}

/** JOBOBJECT_BASIC_PROCESS_ID_LIST: two DWORDs, the second says how many ids of 64 bits follow. */
function listJob(kernel: Kernel, job: bigint): number[] {
  const list = new BigUint64Array(1 + LISTED_MAX)
  // With more processes than there is room for it fails, and fills what there is.
  kernel.QueryInformationJobObject(job, BASIC_PROCESS_ID_LIST, list, list.byteLength, null)
  const count = new DataView(list.buffer).getUint32(4, true)
  return [...list.subarray(1, 1 + Math.min(count, LISTED_MAX))].map(Number)
}

function nameOf(kernel: Kernel, pid: number): ProcessName | null {
  const handle = kernel.OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid)
  if (handle === 0n) return null
  try {
    return nameOfHandle(kernel, handle, pid)
  } finally {
    kernel.CloseHandle(handle)
  }
}

function nameOfHandle(kernel: Kernel, handle: bigint, pid: number): ProcessName | null {
  const exitCode = new Uint32Array(1)
  const [created, ...others] = [0, 1, 2, 3].map(() => new BigUint64Array(1))
  if (created === undefined || kernel.GetExitCodeProcess(handle, exitCode) === 0) return null
  if (exitCode[0] !== STILL_ACTIVE) return null
  if (kernel.GetProcessTimes(handle, created, ...others) === 0) return null
  const startTime = Number((created[0] ?? 0n) / 10n - UNIX_EPOCH_US)
  return { pid, startTime, bootId: '' }
}

/** How many were ended: one, or none when the id is another process's by now. */
function terminate(kernel: Kernel, name: ProcessName): number {
  const access = PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION
  const handle = kernel.OpenProcess(access, 0, name.pid)
  if (handle === 0n) return 0
  try {
    // The open handle keeps the id from being given away between these two calls.
    if (nameOfHandle(kernel, handle, name.pid)?.startTime !== name.startTime) return 0
    return kernel.TerminateProcess(handle, 1) === 0 ? 0 : 1
  } finally {
    kernel.CloseHandle(handle)
  }
}

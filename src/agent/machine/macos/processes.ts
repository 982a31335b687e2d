/**
 * Processes as macOS tells of them, which has no /proc: through libproc (libproc.h and
 * sys/proc_info.h of the system's SDK) and sysctlbyname(3), all in libSystem.
 */
import type { Member, ProcessTable } from '../process-table.ts'

export const LIB_SYSTEM = '/usr/lib/libSystem.B.dylib'

/** PROC_ALL_PIDS and PROC_PIDTBSDINFO. */
const ALL_PIDS = 1
const BSD_INFO = 3
/** struct proc_bsdinfo; its status and, in seconds and microseconds since 1970, its start. */
const BSD_INFO_BYTES = 136
const STATUS_AT = 4
const PID_AT = 12
const START_SECONDS_AT = 120
const START_MICROSECONDS_AT = 128
/** SZOMB: it has ended and only waits to be counted by its parent. */
const ZOMBIE = 5
const MICROSECONDS = 1_000_000
const PID_BYTES = 4
/** Far more than a Mac lets run (kern.maxproc). */
const PIDS_MAX = 64 * 1024
const TEXT_BYTES_MAX = 64

const FUNCTIONS = {
  proc_listpids: { args: ['u32', 'u32', 'ptr', 'int'], returns: 'int' },
  proc_pidinfo: { args: ['int', 'int', 'u64', 'ptr', 'int'], returns: 'int' },
  getsid: { args: ['int'], returns: 'int' },
  sysctlbyname: { args: ['ptr', 'ptr', 'ptr', 'ptr', 'u64'], returns: 'int' },
} as const

/** What the system says, before it is understood. */
export type MacSays = {
  pids(): readonly number[]
  /** struct proc_bsdinfo; null when there is no such process. */
  info(pid: number): Uint8Array | null
  /** Negative when there is no such process. */
  session(pid: number): number
  bootSession(): string
}

export async function openMacProcessTable(): Promise<ProcessTable> {
  return macProcessTable(await openSystem())
}

export function macProcessTable(says: MacSays): ProcessTable {
  const member = (pid: number): Member | null => {
    const bytes = says.info(pid)
    const startTime = bytes === null ? null : startTimeOf(bytes, pid)
    if (startTime === null) return null
    const session = says.session(pid)
    return session < 0 ? null : { pid, session, startTime }
  }
  return {
    bootId: says.bootSession,
    member,
    members: () => says.pids().flatMap((pid) => member(pid) ?? []),
  }
}

/** Microseconds since 1970; null of a process that has ended. */
export function startTimeOf(info: Uint8Array, pid: number): number | null {
  if (info.length !== BSD_INFO_BYTES) return null
  const view = new DataView(info.buffer, info.byteOffset, info.byteLength)
  if (view.getUint32(PID_AT, true) !== pid || view.getUint32(STATUS_AT, true) === ZOMBIE)
    return null
  const seconds = Number(view.getBigUint64(START_SECONDS_AT, true))
  const time = seconds * MICROSECONDS + Number(view.getBigUint64(START_MICROSECONDS_AT, true))
  return Number.isSafeInteger(time) ? time : null
}

async function openSystem(): Promise<MacSays> {
  const { dlopen } = await import('bun:ffi')
  const { proc_listpids, proc_pidinfo, getsid, sysctlbyname } = dlopen(
    LIB_SYSTEM,
    FUNCTIONS,
  ).symbols
  return {
    pids() {
      const list = new Int32Array(PIDS_MAX)
      const bytes = proc_listpids(ALL_PIDS, 0, list, list.byteLength)
      return [...list.subarray(0, Math.max(0, bytes) / PID_BYTES)].filter((pid) => pid > 0)
    },
    info(pid) {
      const info = new Uint8Array(BSD_INFO_BYTES)
      const bytes = proc_pidinfo(pid, BSD_INFO, 0n, info, info.length)
      return bytes === info.length ? info : null
    },
    session: (pid) => getsid(pid),
    bootSession() {
      const text = Buffer.alloc(TEXT_BYTES_MAX)
      const size = new BigUint64Array([BigInt(text.length)])
      const name = Buffer.from('kern.bootsessionuuid\0')
      if (sysctlbyname(name, text, size, null, 0n) !== 0) return ''
      return text.toString('latin1', 0, text.indexOf(0))
    },
  }
}

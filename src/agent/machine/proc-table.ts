/** Processes as Linux tells of them: proc(5). */
import { readdirSync, readFileSync } from 'node:fs'
import type { Member, ProcessTable } from './process-table.ts'

export const PROC_TABLE: ProcessTable = {
  bootId: () => readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? '',
  member: readMember,
  members: () =>
    processNames().flatMap((name) => (/^\d+$/.test(name) ? (readMember(Number(name)) ?? []) : [])),
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
    // Best effort: no /proc in this container; the process group is killed all the same.
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

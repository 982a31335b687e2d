import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Clock ticks of /proc/<pid>/stat: 100 a second on every Linux that Node runs on. */
const TICKS_A_SECOND = 100

/** CPU seconds, user and system, that a process has used; 0 when it is no longer there. */
export function cpuSeconds(pid: number): number {
  if (!existsSync(`/proc/${pid}`)) return 0
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the name in parentheses and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}

/** The process and everything below it. */
export function family(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // Best effort: it ended while we looked.
    }
  }
  const found = [pid]
  for (const each of found) {
    for (const [child, parent] of parents) if (parent === each) found.push(child)
  }
  return found
}

/** kill -9 of the process and of everything below it: the power cut. */
export function killTree(pid: number): void {
  for (const member of family(pid)) {
    try {
      process.kill(member, 'SIGKILL')
    } catch {
      // Best effort: it ended while we looked.
    }
  }
}

/** Resident memory in MiB: of each process added up, and with shared pages counted once. */
export function memoryMiB(pids: readonly number[]): { readonly rss: number; readonly pss: number } {
  let rss = 0
  let pss = 0
  for (const pid of pids) {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    rss += Number(/^Rss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024
    pss += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024
  }
  return { rss, pss }
}

/** Bytes that a folder really takes on its disk. */
export function diskBytes(folder: string): number {
  const out = execFileSync('du', ['-s', '--block-size=1', folder], { encoding: 'utf8' })
  return Number(out.split('\t')[0])
}

export function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((left, right) => left - right)
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
}

/** Programs of a payload, and its health command: they run for a while, or answer and end. */
import type { Disk } from '../../agent/machine/disk.ts'
import { programOf } from '../bad-versions.ts'
import type { Started } from './kernel.ts'
import type { Surroundings } from './surroundings.ts'

/** What a health command takes. */
const CHECK_MS = 50
const TERMINATED = 143

/** Null: there is no such program. */
export function startFollower(
  machine: Surroundings,
  path: string,
  exit: (code: number) => void,
  disk: Pick<Disk, 'readFileSync'>,
): Started | null {
  const bytes = readProgram(path, disk)
  const program = bytes === null ? null : programOf(bytes)
  if (bytes === null || program === null) return null
  machine.noteExecution(bytes)
  const { exitCode, runsForMs = null } = program
  const ms = exitCode === undefined ? runsForMs : CHECK_MS
  const end = ms === null ? null : machine.needs.timeline.after(ms, () => exit(exitCode ?? 0))
  return {
    program: { askToEnd: () => exit(TERMINATED), hasEnded: () => end?.cancel() },
    stdin: null,
    stdout: null,
  }
}

function readProgram(path: string, disk: Pick<Disk, 'readFileSync'>): Uint8Array | null {
  try {
    return disk.readFileSync(path)
  } catch {
    // Best effort: told to who started it, as a program that is not there.
    return null
  }
}

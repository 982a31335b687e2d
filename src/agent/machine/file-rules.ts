/** In what the files of one platform differ from those of another. */
import { type AgentPlatform, OWN_PLATFORM } from './platform.ts'

export type FileRules = {
  /** A folder can be flushed, and has to be for its names to be durable. */
  readonly flushesFolders: boolean
  /** How a file is opened to be flushed: Windows flushes only for who may write. */
  readonly flushesAs: 'r' | 'r+'
  /** Who may read, write and run a file is a mode of the file. */
  readonly hasModes: boolean
  /** What is said of a file that somebody has open: a scanner for a moment, a program that runs. */
  readonly busyCodes: readonly string[]
}

const UNIX: FileRules = { flushesFolders: true, flushesAs: 'r', hasModes: true, busyCodes: [] }

export const FILE_RULES_OF: Readonly<Record<AgentPlatform, FileRules>> = {
  linux: UNIX,
  macos: UNIX,
  windows: {
    flushesFolders: false,
    flushesAs: 'r+',
    hasModes: false,
    busyCodes: ['EPERM', 'EACCES', 'EBUSY', 'ENOTEMPTY'],
  },
}

export const FILE_RULES: FileRules = FILE_RULES_OF[OWN_PLATFORM]

/** A scanner looks at a new file for some milliseconds. In all 0.5 s: all else waits meanwhile. */
const TRIES = 10
const PAUSE_MS = 50

/** Tries again while somebody has the file open; then the error is the caller's. */
export function patiently(
  rules: FileRules,
  act: () => void,
  pause: (ms: number) => void = waitHere,
): void {
  for (let left = TRIES; ; left -= 1) {
    try {
      act()
      return
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      if (left <= 1 || !rules.busyCodes.includes(code)) throw error
      pause(PAUSE_MS)
    }
  }
}

function waitHere(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

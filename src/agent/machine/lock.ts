/**
 * One launcher for one state folder. On Unix the kernel's `flock` is the only lock that dies with
 * its holder, kill -9 and power cut included, and leaves nothing stale behind; neither Node nor bun
 * offers it, so it is called in the C library.
 */
import { closeSync, openSync } from 'node:fs'
import { Fault } from '../../base/fault.ts'
import { type AgentPlatform, OWN_PLATFORM } from './platform.ts'

// flock(2): LOCK_EX | LOCK_NB.
const EXCLUSIVE_WITHOUT_WAITING = 2 | 4
/** glibc, musl on x64 and arm64, macOS. */
const C_LIBRARIES = [
  'libc.so.6',
  'libc.musl-x86_64.so.1',
  'libc.musl-aarch64.so.1',
  'libSystem.B.dylib',
]

const LOCKS: Readonly<Record<AgentPlatform, (path: string) => Promise<boolean>>> = {
  linux: takeUnixLock,
  macos: takeUnixLock,
  windows: async (path) => (await import('./windows/lock.ts')).takeWindowsLock(path),
}

/** Takes the lock for the life of this process; false when another process holds it. */
export function takeLock(path: string, platform = OWN_PLATFORM): Promise<boolean> {
  return LOCKS[platform](path)
}

async function takeUnixLock(path: string): Promise<boolean> {
  const flock = await findFlock()
  // Opened files are closed in started programs, so the lock does not live on in a child.
  const descriptor = openSync(path, 'a', 0o600)
  if (flock(descriptor, EXCLUSIVE_WITHOUT_WAITING) === 0) return true
  closeSync(descriptor)
  return false
}

async function findFlock(): Promise<(descriptor: number, operation: number) => number> {
  const { dlopen } = await import('bun:ffi')
  let lastError: unknown
  for (const library of C_LIBRARIES) {
    try {
      return dlopen(library, { flock: { args: ['int', 'int'], returns: 'int' } }).symbols.flock
    } catch (error) {
      // Best effort: the next name may be this machine's; without any the fault below is thrown.
      lastError = error
    }
  }
  throw new Fault({
    code: 'no-lock',
    doing: 'finding flock in the C library',
    retry: 'never',
    cause: lastError,
  })
}

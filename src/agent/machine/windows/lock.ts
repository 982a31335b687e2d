/**
 * One launcher for one state folder: a file that is opened so that nobody else can open it at the
 * same time. The kernel closes it with its holder, kill and power cut included.
 */
import { failedCall, INVALID_HANDLE, wide } from './win32.ts'

// CreateFileW: GENERIC_READ | GENERIC_WRITE, no sharing, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL.
const READ_AND_WRITE = 0xc000_0000
const NOT_SHARED = 0
const OPEN_ALWAYS = 4
const NORMAL = 0x80
const ERROR_SHARING_VIOLATION = 32

/** For the life of this process; false when another process holds it. */
export async function takeWindowsLock(path: string): Promise<boolean> {
  const { dlopen } = await import('bun:ffi')
  const kernel = dlopen('kernel32.dll', {
    CreateFileW: { args: ['ptr', 'u32', 'u32', 'ptr', 'u32', 'u32', 'u64'], returns: 'u64' },
    GetLastError: { args: [], returns: 'u32' },
  }).symbols
  const how = [READ_AND_WRITE, NOT_SHARED, null, OPEN_ALWAYS, NORMAL, 0n] as const
  // The handle is not inherited by started programs, so the lock does not live on in a child.
  if (kernel.CreateFileW(wide(path), ...how) !== INVALID_HANDLE) return true
  const error = kernel.GetLastError()
  if (error === ERROR_SHARING_VIOLATION) return false
  throw failedCall(`locking ${path}`, error)
}

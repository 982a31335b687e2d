/**
 * Who may do what with our files. Folders below `C:\ProgramData` can be made by anybody and are
 * readable by everybody: ours is made, or taken, for the system and the administrators alone, and
 * nothing of what its parent would give is inherited.
 *
 * Layouts: "SID", "SECURITY_DESCRIPTOR" and "TOKEN_USER" of Microsoft's Win32 API documentation and
 * [MS-DTYP] 2.4.2.2 and 2.4.6.
 */

import type { Functions } from 'bun:ffi'
import { existsSync, lstatSync } from 'node:fs'
import { accept, type Result, refuse } from '../../../base/result.ts'
import { makeFolder } from '../files.ts'
import { failedCall, wide } from './win32.ts'

const SYSTEM = 'S-1-5-18'
const ADMINISTRATORS = 'S-1-5-32-544'
/** SE_OBJECT_TYPE and SECURITY_INFORMATION. */
const FILE_OBJECT = 1
const OWNER = 0x1
const DACL = 0x4
const PROTECTED_DACL = 0x8000_0000
/** SDDL_REVISION_1. */
const SDDL_REVISION = 1
const TOKEN_QUERY = 0x8
/** TOKEN_INFORMATION_CLASS: TokenUser. */
const TOKEN_USER = 1
/** TOKEN_USER is a pointer and a DWORD, padded; the SID that is meant follows it. */
const TOKEN_USER_BYTES = 16
/** A SID has at most 68 bytes, an owner's descriptor 20 more. */
const ANSWER_BYTES = 256

const ADVAPI = {
  GetFileSecurityW: { args: ['ptr', 'u32', 'ptr', 'u32', 'ptr'], returns: 'i32' },
  ConvertStringSecurityDescriptorToSecurityDescriptorW: {
    args: ['ptr', 'u32', 'ptr', 'ptr'],
    returns: 'i32',
  },
  GetSecurityDescriptorDacl: { args: ['u64', 'ptr', 'ptr', 'ptr'], returns: 'i32' },
  SetNamedSecurityInfoW: {
    args: ['ptr', 'u32', 'u32', 'ptr', 'ptr', 'u64', 'ptr'],
    returns: 'u32',
  },
  SetFileSecurityW: { args: ['ptr', 'u32', 'u64'], returns: 'i32' },
  OpenProcessToken: { args: ['u64', 'u32', 'ptr'], returns: 'i32' },
  GetTokenInformation: { args: ['u64', 'u32', 'ptr', 'u32', 'ptr'], returns: 'i32' },
} as const
const KERNEL = {
  GetCurrentProcess: { args: [], returns: 'u64' },
  GetLastError: { args: [], returns: 'u32' },
  CloseHandle: { args: ['u64'], returns: 'i32' },
  LocalFree: { args: ['u64'], returns: 'u64' },
} as const
type Libraries = Functions<typeof ADVAPI> & Functions<typeof KERNEL>

async function openLibraries(): Promise<Libraries> {
  const { dlopen } = await import('bun:ffi')
  const advapi = dlopen('advapi32.dll', ADVAPI).symbols
  return { ...advapi, ...dlopen('kernel32.dll', KERNEL).symbols }
}

/**
 * Makes the folder, or takes one that is there: refused when it belongs to somebody else, or is a
 * link, which anybody may have put there.
 */
export async function takeWindowsFolder(
  path: string,
): Promise<Result<null, { readonly code: 'foreign-folder'; readonly owner: string }>> {
  const windows = await openLibraries()
  const own = ownUser(windows)
  if (existsSync(path) && lstatSync(path).isSymbolicLink()) {
    return refuse({ code: 'foreign-folder', owner: 'a link' })
  }
  makeFolder(path)
  const owner = ownerOf(windows, path)
  if (![SYSTEM, ADMINISTRATORS, own].includes(owner)) {
    return refuse({ code: 'foreign-folder', owner })
  }
  close(windows, path, descriptor(own, 'OICI'))
  return accept(null)
}

/** Closes a file to everybody but the system, the administrators and who we are. */
export async function closeWindowsFile(path: string): Promise<void> {
  const windows = await openLibraries()
  close(windows, path, descriptor(ownUser(windows), ''))
}

/** Who runs us is the system, except below a root and by hand. */
export function descriptor(ownUser: string, inheritance: 'OICI' | ''): string {
  const users = new Set([SYSTEM, ADMINISTRATORS, ownUser])
  return `D:P${[...users].map((user) => `(A;${inheritance};FA;;;${user})`).join('')}`
}

function close(windows: Libraries, path: string, descriptorText: string): void {
  const made = new BigUint64Array(1)
  const text = wide(descriptorText)
  if (
    windows.ConvertStringSecurityDescriptorToSecurityDescriptorW(
      text,
      SDDL_REVISION,
      made,
      null,
    ) === 0
  ) {
    throw failedCall('making a security descriptor', windows.GetLastError())
  }
  const [address = 0n] = made
  try {
    const dacl = new BigUint64Array(1)
    windows.GetSecurityDescriptorDacl(address, new Uint32Array(1), dacl, new Uint32Array(1))
    const what = DACL | PROTECTED_DACL
    const [list = 0n] = dacl
    const named = [wide(path), FILE_OBJECT, what >>> 0, null, null, list, null] as const
    const error = windows.SetNamedSecurityInfoW(...named)
    if (error !== 0) throw failedCall(`closing ${path} to others`, error)
    // The first reached what lies in a folder already, as this one does not; wine forgets in the
    // first that nothing is to be inherited, and does this one right.
    if (windows.SetFileSecurityW(wide(path), what >>> 0, address) === 0) {
      throw failedCall(`closing ${path} to others`, windows.GetLastError())
    }
  } finally {
    windows.LocalFree(address)
  }
}

function ownerOf(windows: Libraries, path: string): string {
  const answer = new Uint8Array(ANSWER_BYTES)
  const needed = new Uint32Array(1)
  if (windows.GetFileSecurityW(wide(path), OWNER, answer, answer.length, needed) === 0) {
    throw failedCall(`reading the owner of ${path}`, windows.GetLastError())
  }
  // The second DWORD of a self-relative SECURITY_DESCRIPTOR says where its owner lies.
  return sidText(answer.subarray(new DataView(answer.buffer).getUint32(4, true)))
}

function ownUser(windows: Libraries): string {
  const token = new BigUint64Array(1)
  if (windows.OpenProcessToken(windows.GetCurrentProcess(), TOKEN_QUERY, token) === 0) {
    throw failedCall('opening our own token', windows.GetLastError())
  }
  const [handle = 0n] = token
  try {
    const answer = new Uint8Array(ANSWER_BYTES)
    const size = new Uint32Array(1)
    if (windows.GetTokenInformation(handle, TOKEN_USER, answer, answer.length, size) === 0) {
      throw failedCall('asking who we are', windows.GetLastError())
    }
    return sidText(answer.subarray(TOKEN_USER_BYTES))
  } finally {
    windows.CloseHandle(handle)
  }
}

/**
 * A SID as people write it: revision, number of sub-authorities, an authority of 48 bits of which
 * we show the low 32, and the sub-authorities. Empty: it is cut.
 */
export function sidText(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = bytes[1] ?? 0
  if (bytes.length < 8 + count * 4) return ''
  const subAuthorities = Array.from({ length: count }, (_, at) => view.getUint32(8 + at * 4, true))
  return ['S', view.getUint8(0), view.getUint32(4, false), ...subAuthorities].join('-')
}

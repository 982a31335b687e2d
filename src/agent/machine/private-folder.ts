/**
 * The state folder is ours alone: what runs with all rights lies in it, so whoever could write
 * there could exchange a file between its verification and its start.
 */
import { chmodSync, statSync } from 'node:fs'
import { accept, type Result, refuse } from '../../base/result.ts'
import { makeFolder } from './files.ts'
import { type AgentPlatform, OWN_PLATFORM } from './platform.ts'

export type ForeignFolder = { readonly code: 'foreign-folder'; readonly owner: string }

type Guard = {
  takeFolder(path: string): Promise<Result<null, ForeignFolder>>
  closeFile(path: string): Promise<void>
}

const UNIX: Guard = {
  takeFolder: takeOnUnix,
  // The packages bring it closed.
  closeFile: async () => {},
}

const GUARDS: Readonly<Record<AgentPlatform, Guard>> = {
  linux: UNIX,
  macos: UNIX,
  windows: {
    takeFolder: async (path) => (await import('./windows/security.ts')).takeWindowsFolder(path),
    closeFile: async (path) => (await import('./windows/security.ts')).closeWindowsFile(path),
  },
}

/**
 * Makes a folder that is our own alone, or takes one that is there and closes it to everybody else.
 * One that belongs to somebody else is refused. It may be a link that an administrator made to
 * another disk, except on Windows, where anybody may make one in the place of ours.
 */
export function takePrivateFolder(
  path: string,
  platform = OWN_PLATFORM,
): Promise<Result<null, ForeignFolder>> {
  return GUARDS[platform].takeFolder(path)
}

/** Closes a file of ours in a folder that others read. */
export function closeFile(path: string, platform = OWN_PLATFORM): Promise<void> {
  return GUARDS[platform].closeFile(path)
}

async function takeOnUnix(path: string): Promise<Result<null, ForeignFolder>> {
  makeFolder(path)
  const { uid, mode } = statSync(path)
  if (uid !== process.getuid?.()) return refuse({ code: 'foreign-folder', owner: `user ${uid}` })
  if ((mode & 0o077) !== 0) chmodSync(path, 0o700)
  return accept(null)
}

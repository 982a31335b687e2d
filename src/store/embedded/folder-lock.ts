/**
 * One Drydock server for each data folder. The lock is a kernel lock on a file (SQLite takes it for
 * us, because Node has no call for one): it ends with the process that holds it, kill -9 included,
 * so there is no stale lock and no process id to mistrust, and it also holds between containers
 * that share a folder.
 *
 * Nobody else may open the lock file in this process: POSIX drops such locks when any descriptor of
 * the file is closed. The holder therefore writes who it is into a second file.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '../../base/fault.ts'
import { folderFault } from '../folder.ts'

const LOCK_FILE = 'lock'
const HOLDER_FILE = 'lock-holder'
/** SQLITE_BUSY: https://www.sqlite.org/rescode.html#busy */
const BUSY = 5

export type FolderLock = AsyncDisposable

export async function lockFolder(folder: string): Promise<FolderLock> {
  const file = join(folder, LOCK_FILE)
  await createPrivate(file)
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(file)
    // An exclusive transaction that writes nothing: the file stays empty, no journal appears.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    lock?.close()
    throw await lockFault(folder, cause)
  }
  const held = lock
  await nameHolder(folder)
  return {
    async [Symbol.asyncDispose]() {
      held.close()
    },
  }
}

/** Nobody else may take a lock on it. Never opens one that exists: see above. */
async function createPrivate(file: string): Promise<void> {
  try {
    await writeFile(file, '', { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return
    throw folderFault({ code: 'data-dir-not-lockable', doing: `creating ${file}`, cause })
  }
}

async function lockFault(folder: string, cause: unknown): Promise<Fault> {
  const isBusy = cause instanceof Error && 'errcode' in cause && cause.errcode === BUSY
  if (!isBusy) {
    const doing = `locking ${join(folder, LOCK_FILE)}`
    return new Fault({ code: 'data-dir-not-lockable', doing, retry: 'never', cause })
  }
  const holder = await readHolder(folder)
  return new Fault({
    code: 'data-dir-in-use',
    doing: `locking ${folder}, which another Drydock server uses${holder}`,
    retry: 'never',
    cause,
  })
}

async function nameHolder(folder: string): Promise<void> {
  try {
    await writeFile(join(folder, HOLDER_FILE), `${process.pid}\n`, { mode: 0o600 })
  } catch {
    // Best effort: the holder's process id only makes another server's message clearer.
  }
}

async function readHolder(folder: string): Promise<string> {
  try {
    return ` (process ${(await readFile(join(folder, HOLDER_FILE), 'utf8')).trim()})`
  } catch {
    // Best effort: without the holder's process id the message is still right.
    return ''
  }
}

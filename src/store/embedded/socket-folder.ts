/**
 * Where PostgreSQL puts its socket: a folder that only its user may enter. Beside the data if the
 * path is short enough; otherwise in a new folder of the machine's temporary directory with a name
 * that nobody can guess, so that nobody can have made it before us. Its path is noted, to be
 * removed by the next start after a kill.
 */
import { chown, lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { isMissing } from '../folder.ts'
import { PORT } from './settings.ts'

/** sun_path less the closing zero: 107 bytes on Linux, 103 on macOS (unix(7), unix(4)). */
const SOCKET_PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107
/**
 * PostgreSQL takes a comma as the start of another folder, `@` as an abstract name; `pg` decodes
 * `%`.
 */
const PLAIN_PATH = /^\/[A-Za-z0-9._/+=:~-]+$/
const NOTE = 'socket-folder'
const PREFIX = 'drydock-'

export async function openSocketFolder(folder: string, ownerUid: number): Promise<string> {
  await removeSocketFolder(folder)
  const beside = join(folder, 'socket')
  const path = isUsable(beside) ? beside : await mkdtemp(join(temporaryFolder(), PREFIX))
  if (path === beside) await mkdir(path, { mode: 0o700 })
  else await writeFile(join(folder, NOTE), path, { mode: 0o600 })
  if (process.getuid?.() === 0) await chown(path, ownerUid, ownerUid)
  return path
}

/** Where the socket of the server that runs in this folder is. */
export async function findSocketFolder(folder: string): Promise<string> {
  return (await readNote(folder)) || join(folder, 'socket')
}

async function readNote(folder: string): Promise<string> {
  return await readFile(join(folder, NOTE), 'utf8').catch((cause: unknown) => {
    if (isMissing(cause)) return ''
    throw cause
  })
}

/** Removes what an earlier start left. Safe to repeat. */
export async function removeSocketFolder(folder: string): Promise<void> {
  await rm(join(folder, 'socket'), { recursive: true, force: true })
  const noted = await readNote(folder)
  if (noted !== '' && (await isOurs(noted))) await rm(noted, { recursive: true, force: true })
  await rm(join(folder, NOTE), { force: true })
}

function temporaryFolder(): string {
  return isUsable(join(tmpdir(), `${PREFIX}XXXXXX`)) ? tmpdir() : '/tmp'
}

function isUsable(folder: string): boolean {
  const socket = join(folder, `.s.PGSQL.${PORT}.lock`)
  return Buffer.byteLength(socket) <= SOCKET_PATH_BYTES_MAX && PLAIN_PATH.test(folder)
}

/** After a reboot somebody else may have a folder of the noted name. */
async function isOurs(path: string): Promise<boolean> {
  if (!basename(path).startsWith(PREFIX) || dirname(path) !== temporaryFolder()) return false
  const found = await lstat(path).catch((cause: unknown) => {
    if (isMissing(cause)) return null
    throw cause
  })
  return found?.isDirectory() === true && (found.mode & 0o077) === 0
}

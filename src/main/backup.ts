/**
 * `drydock backup` and `drydock restore`: the store's backup, put together with the database of
 * this machine. A backup takes the running server's database by its socket, or starts the embedded
 * one for the time it needs; a restore always starts its own, so a running server keeps it out.
 */
import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { silentLog } from '../base/log.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { BackupSummary, OwnRefusal, RestoreSummary } from '../cli/io.ts'
import { saveBackup } from '../store/backup.ts'
import type { Connection } from '../store/connection.ts'
import { type DataFolder, dataFolder } from '../store/data-folder.ts'
import { connectionToRunning, startEmbedded } from '../store/embedded/embedded.ts'
import { ALL_MIGRATIONS } from '../store/migrations/all.ts'
import { type RestoreRefusal, restoreBackup } from '../store/restore.ts'
import type { CliEnvironment } from './cli-environment.ts'

type Place = Pick<CliEnvironment, 'dataDir' | 'databaseUrl'>

export async function backup(
  place: Place,
  file: string,
): Promise<Result<BackupSummary, OwnRefusal>> {
  const folder = dataFolder(resolve(place.dataDir))
  if (!(await isThere(folder.secret))) {
    const message = `there is no server in ${folder.root}; DRYDOCK_DATA_DIR names its directory`
    return refuse({ reason: null, message })
  }
  await using database = await openForBackup(place, folder)
  const needs = { connection: database.connection, folder, clock: systemClock }
  return accept(await saveBackup(needs, file))
}

export async function restore(
  place: Place,
  file: string,
): Promise<Result<RestoreSummary, OwnRefusal>> {
  const folder = dataFolder(resolve(place.dataDir))
  await using database = await openDatabaseOf(place, folder)
  const needs = {
    connection: database.connection,
    folder,
    migrations: ALL_MIGRATIONS,
    clock: systemClock,
  }
  const restored = await restoreBackup(needs, createReadStream(file))
  if (restored.ok) return restored
  return refuse({ reason: restored.refusal.code, message: sentenceOf(restored.refusal) })
}

function sentenceOf(refusal: RestoreRefusal): string {
  switch (refusal.code) {
    case 'not-empty':
      return `a backup only goes into an empty place, and there is ${refusal.what}`
    case 'backup-newer':
      return `the backup is of a newer Drydock: this one does not know ${refusal.migration}`
    case 'backup-format-unknown':
      return `the backup has format ${refusal.format}, which this Drydock does not know`
    case 'backup-damaged':
      return `the backup is damaged: ${refusal.reason}`
  }
}

type OpenedDatabase = AsyncDisposable & { readonly connection: Connection }

async function openForBackup(place: Place, folder: DataFolder): Promise<OpenedDatabase> {
  try {
    return await openDatabaseOf(place, folder)
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'data-dir-in-use') throw error
    return withoutOwner(await connectionToRunning(folder.postgres))
  }
}

async function openDatabaseOf(place: Place, folder: DataFolder): Promise<OpenedDatabase> {
  if (place.databaseUrl !== null) return withoutOwner({ kind: 'url', url: place.databaseUrl })
  return startEmbedded({ dataDir: folder.postgres, log: silentLog, clock: systemClock })
}

/** Whoever started it stops it. */
function withoutOwner(connection: Connection): OpenedDatabase {
  return { connection, async [Symbol.asyncDispose]() {} }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

/**
 * The cluster on disk: `<folder>/cluster/{pgdata,password}`. It gets that name by one rename, after
 * initdb has finished and flushed everything, so whatever is called `cluster` is whole; a kill in
 * the middle of initdb leaves a `cluster.partial-...`, which the next start removes.
 */
import { execFile } from 'node:child_process'
import { chown, lstat, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { digestOf } from '../../base/digest.ts'
import { causeChain, Fault } from '../../base/fault.ts'
import { newSecret } from '../../base/ids.ts'
import { systemRandom } from '../../base/random.ts'
import { folderFault, isMissing, syncFolder } from '../folder.ts'
import { type RunAs, waysToInitialise } from './run-as.ts'

export const DATABASE_USER = 'drydock'
const INITDB_MS_MAX = 120_000
const PARTIAL = 'cluster.partial-'

export type Cluster = {
  readonly pgdata: string
  readonly password: string
  /** Names the cluster in the command line of each of its processes. */
  readonly name: string
}

type Programs = {
  readonly initdb: string
  readonly environment: Readonly<Record<string, string>>
  readonly runAs: RunAs
}

/** Refuses a cluster that these programs cannot run; changes nothing, reads only. */
export async function checkClusterVersion(folder: string, major: string): Promise<void> {
  const pgdata = join(folder, 'cluster', 'pgdata')
  const found = await readIfPresent(join(pgdata, 'PG_VERSION'))
  if (found === null && (await readIfPresentFolder(join(folder, 'cluster'))) === null) return
  if (found?.trim() === major) return
  throw found === null
    ? new Fault({
        code: 'data-dir-damaged',
        doing: `reading PG_VERSION in ${pgdata}, which a PostgreSQL data directory always has`,
        retry: 'never',
      })
    : new Fault({
        code: 'data-dir-other-version',
        doing: `opening ${pgdata}, which belongs to PostgreSQL ${found.trim()}; this is ${major}`,
        retry: 'never',
      })
}

/** Makes the cluster if there is none. Safe to repeat: an unfinished one is begun again. */
export async function openCluster(folder: string, programs: Programs): Promise<Cluster> {
  const home = join(folder, 'cluster')
  await takeOwnership(folder, programs.runAs.ownerUid)
  await removePartial(folder)
  if ((await readIfPresentFolder(home)) === null) await createCluster(folder, programs)
  const pgdata = join(home, 'pgdata')
  const password = await readPassword(folder)
  return { pgdata, password, name: `drydock-${digestOf(pgdata).slice(0, 16)}` }
}

/** Of a cluster that is there. */
export async function readPassword(folder: string): Promise<string> {
  return (await readFile(join(folder, 'cluster', 'password'), 'utf8')).trim()
}

async function createCluster(folder: string, programs: Programs): Promise<void> {
  try {
    const partial = await runInitdb(folder, programs)
    await chownTree(partial, programs.runAs.ownerUid)
    await syncFolder(partial)
    await rename(partial, join(folder, 'cluster'))
    await syncFolder(folder)
  } catch (cause) {
    throw folderFault({ code: 'initdb-failed', doing: `creating a database in ${folder}`, cause })
  } finally {
    await removePartial(folder)
  }
}

/**
 * Into a folder of a new name each time: an initdb that outlived a killed server goes on writing
 * under the name that it was given, and must not write into ours.
 */
async function runInitdb(folder: string, programs: Programs): Promise<string> {
  let failure: unknown
  for (const runner of waysToInitialise(programs.runAs)) {
    const partial = await mkdtemp(join(folder, PARTIAL))
    await writePassword(join(partial, 'password'))
    await chownTree(partial, runner.ownerUid)
    const words = [...runner.prefix, programs.initdb, ...initdbArguments(partial)]
    const [command = '', ...rest] = words
    const options = { ...runner.ids, cwd: '/', env: programs.environment, timeout: INITDB_MS_MAX }
    try {
      await promisify(execFile)(command, rest, options)
      return partial
    } catch (cause) {
      if (!/user does not exist/.test(causeChain(cause).join())) throw cause
      failure ??= cause
    }
  }
  throw failure
}

async function removePartial(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(PARTIAL)) continue
    // Again and again while somebody still writes into it.
    await rm(join(folder, name), { recursive: true, force: true, maxRetries: 10 })
  }
}

async function writePassword(path: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(`${newSecret(systemRandom)}\n`)
  await file.sync()
}

function initdbArguments(partial: string): string[] {
  return [
    `--pgdata=${join(partial, 'pgdata')}`,
    `--username=${DATABASE_USER}`,
    `--pwfile=${join(partial, 'password')}`,
    '--auth=scram-sha-256',
    '--data-checksums',
    '--encoding=UTF8',
    // Same order and same case rules on every machine, whatever its C library.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
  ]
}

/**
 * Gives everything in the folder to who will run PostgreSQL; another way may have been taken at the
 * last start.
 */
async function takeOwnership(folder: string, ownerUid: number): Promise<void> {
  const cluster = await lstat(join(folder, 'cluster')).catch(nullIfMissing)
  const owner = cluster?.uid ?? (await lstat(folder)).uid
  if (owner === ownerUid) return
  if (process.getuid?.() !== 0) {
    throw new Fault({
      code: 'data-dir-of-another-user',
      doing: `opening ${folder}, which belongs to user id ${owner}; this is ${ownerUid}`,
      retry: 'never',
    })
  }
  if (cluster === null) return
  // The folder itself comes last: an interrupted change of owners is begun again.
  await chownTree(join(folder, 'cluster'), ownerUid)
}

/** Only root may give files away; anybody else owns them already. */
async function chownTree(path: string, uid: number): Promise<void> {
  if (process.getuid?.() !== 0) return
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name)
    if (entry.isDirectory()) await chownTree(inner, uid)
    else if (entry.isFile()) await chown(inner, uid, uid)
  }
  await chown(path, uid, uid)
}

async function readIfPresent(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(nullIfMissing)
}

async function readIfPresentFolder(path: string): Promise<readonly string[] | null> {
  return readdir(path).catch(nullIfMissing)
}

function nullIfMissing(cause: unknown): null {
  if (isMissing(cause)) return null
  throw folderFault({ code: 'data-dir-not-usable', doing: 'looking into the data folder', cause })
}

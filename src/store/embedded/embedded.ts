/**
 * The embedded PostgreSQL: found, made ready, started, watched, started again when it ends, and
 * stopped.
 *
 * The parties: this process, a guard (postmaster.ts), the postmaster, and whatever an earlier run
 * left behind. Guaranteed: one Drydock server for each data folder (folder-lock.ts, taken first and
 * released last); a cluster of another major version is refused before anything is touched; whoever
 * lives in the cluster when we hold the lock is an orphan and is stopped, never adopted, so that
 * there is one way to be and the settings are ours; a kill of anything at any moment loses nothing
 * that was committed.
 *
 * Deliberately absent: TCP, and any change to node_modules.
 */
import { chmod, mkdir, realpath } from 'node:fs/promises'
import { totalmem } from 'node:os'
import type { Clock } from '../../base/clock.ts'
import { causeChain } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import type { Connection } from '../connection.ts'
import { folderFault } from '../folder.ts'
import { type Binaries, findBinaries } from './binaries.ts'
import {
  type Cluster,
  checkClusterVersion,
  DATABASE_USER,
  openCluster,
  readPassword,
} from './cluster.ts'
import { prepareEnvironment } from './environment.ts'
import { type FolderLock, lockFolder } from './folder-lock.ts'
import { type Postmaster, type PostmasterNeeds, startPostmaster } from './postmaster.ts'
import { chooseRunAs, type RunAs, waysFor } from './run-as.ts'
import { memorySettings, PORT } from './settings.ts'
import { findSocketFolder, openSocketFolder, removeSocketFolder } from './socket-folder.ts'
import { stopSurvivors } from './survivors.ts'

export type EmbeddedPostgres = AsyncDisposable & {
  /** Stays the same when the database is started again. */
  readonly connection: Connection
  /** False while PostgreSQL has ended by itself and is being started again. */
  isUp(): boolean
}

export type EmbeddedNeeds = {
  /** Made if it does not exist; nothing else may be kept in it. */
  readonly dataDir: string
  readonly log: Log
  readonly clock: Clock
  /** For tests: other programs, other ways to run them, other settings. */
  readonly binaries?: Binaries
  readonly ways?: readonly RunAs[]
  readonly settings?: Readonly<Record<string, string>>
}

const RESTART_MS_MIN = 250
const RESTART_MS_MAX = 30_000
/** A life longer than this was no failed start: the next pause is a short one again. */
const STEADY_MS = 60_000

export async function startEmbedded(needs: EmbeddedNeeds): Promise<EmbeddedPostgres> {
  const binaries = needs.binaries ?? (await findBinaries())
  await checkClusterVersion(needs.dataDir, binaries.major)
  const folder = await openFolder(needs.dataDir)
  await using cleanUp = new AsyncDisposableStack()
  const lock: FolderLock = cleanUp.use(await lockFolder(folder))
  // Again, now that nobody else can be making it.
  await checkClusterVersion(folder, binaries.major)
  const environment = await prepareEnvironment(binaries, folder)
  const runAs = await chooseRunAs({
    program: binaries.postgres,
    folder,
    environment,
    ways: needs.ways ?? waysFor(process.getuid?.() ?? -1),
  })
  needs.log.info({ way: runAs.way, folder }, 'starting the embedded PostgreSQL')
  const cluster = await openCluster(folder, { initdb: binaries.initdb, environment, runAs })
  await stopSurvivors({ name: cluster.name, ownerUid: runAs.ownerUid }, needs)
  const socketFolder = await openSocketFolder(folder, runAs.ownerUid)
  cleanUp.defer(() => removeSocketFolder(folder))
  const postmasterNeeds: PostmasterNeeds = {
    program: binaries.postgres,
    environment,
    runAs,
    cluster,
    socketFolder,
    settings: { ...memorySettings(memoryBytes()), ...needs.settings },
    log: needs.log,
    clock: needs.clock,
  }
  const supervisor = new Supervisor(postmasterNeeds, await startPostmaster(postmasterNeeds))
  cleanUp.use(supervisor)
  const owned = cleanUp.move()
  void lock
  return {
    connection: connectionTo(cluster, socketFolder),
    isUp: () => supervisor.isUp(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What the container allows, where there is one. */
function memoryBytes(): number {
  const allowed = process.constrainedMemory()
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem()
}

async function openFolder(dataDir: string): Promise<string> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    // Passable, so that another user can run PostgreSQL; what is inside protects itself.
    if (process.getuid?.() === 0) await chmod(dataDir, 0o711)
    return await realpath(dataDir)
  } catch (cause) {
    throw folderFault({ code: 'data-dir-not-usable', doing: `opening ${dataDir}`, cause })
  }
}

/** To the database of a server that runs in this folder; whoever started it stops it. */
export async function connectionToRunning(dataDir: string): Promise<Connection> {
  return connectionTo({ password: await readPassword(dataDir) }, await findSocketFolder(dataDir))
}

function connectionTo(cluster: Pick<Cluster, 'password'>, folder: string): Connection {
  return {
    kind: 'socket',
    folder,
    port: PORT,
    user: DATABASE_USER,
    password: cluster.password,
    database: 'postgres',
  }
}

/** Starts the postmaster again whenever it ends without having been told to. */
class Supervisor implements AsyncDisposable {
  readonly #needs: PostmasterNeeds
  readonly #stopping = Promise.withResolvers<void>()
  readonly #watch: Promise<void>
  #postmaster: Postmaster | null
  #isStopping = false

  constructor(needs: PostmasterNeeds, postmaster: Postmaster) {
    this.#needs = needs
    this.#postmaster = postmaster
    this.#watch = this.#keepUp()
  }

  isUp(): boolean {
    return this.#postmaster !== null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true
    this.#stopping.resolve()
    await this.#watch
    await this.#postmaster?.stop()
    this.#postmaster = null
  }

  async #keepUp(): Promise<void> {
    const { clock, log } = this.#needs
    let pauseMs = RESTART_MS_MIN
    while (!this.#isStopping) {
      const since = clock.monotonic()
      if (this.#postmaster !== null) {
        await Promise.race([this.#postmaster.ended, this.#stopping.promise])
        if (this.#isStopping) return
        log.error({ lines: this.#postmaster.lastLines() }, 'PostgreSQL has ended by itself')
        this.#postmaster = null
      }
      pauseMs = clock.monotonic() - since > STEADY_MS ? RESTART_MS_MIN : pauseMs
      const sleep = clock.sleep(pauseMs)
      await Promise.race([sleep.done, this.#stopping.promise])
      sleep.cancel()
      pauseMs = Math.min(pauseMs * 2, RESTART_MS_MAX)
      if (!this.#isStopping) await this.#restart()
    }
  }

  async #restart(): Promise<void> {
    const { cluster, runAs, log } = this.#needs
    try {
      await stopSurvivors({ name: cluster.name, ownerUid: runAs.ownerUid }, this.#needs)
      this.#postmaster = await startPostmaster(this.#needs)
      log.info({}, 'PostgreSQL runs again')
    } catch (error) {
      // Best effort: it is tried again after a longer pause, for as long as this server runs; until
      // then every query is a fault that says "later".
      log.error({ causes: causeChain(error) }, 'PostgreSQL could not be started again')
    }
  }
}

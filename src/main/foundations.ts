/** What a server stands on: its folder, its database, its artifacts, its secrets. */
import { chmod, mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import type { ServerFoundations } from '../server/needs.ts'
import { openArtifacts } from '../store/artifacts.ts'
import type { Connection } from '../store/connection.ts'
import type { DataFolder } from '../store/data-folder.ts'
import { startEmbedded } from '../store/embedded/embedded.ts'
import { lockFolder } from '../store/embedded/folder-lock.ts'
import { folderFault } from '../store/folder.ts'
import { migrate } from '../store/migrate.ts'
import { ALL_MIGRATIONS } from '../store/migrations/all.ts'
import { openDatabase } from '../store/open.ts'
import { openInstanceSecret } from '../store/secret.ts'
import { readImageBases } from './image-bases.ts'
import { openSigningKey } from './signing-key.ts'

export type FoundationsOrder = {
  readonly folder: DataFolder
  /** Null: the embedded PostgreSQL. */
  readonly databaseUrl: string | null
  readonly clock: Clock
  readonly log: Log
}

/** Opened in order; `opened` closes it in the opposite one, also when a later step fails. */
export async function openFoundations(
  order: FoundationsOrder,
  opened: AsyncDisposableStack,
): Promise<Omit<ServerFoundations, 'settings'>> {
  const { folder, clock, log } = order
  const random = systemRandom
  await openDataFolder(folder.root)
  opened.use(await lockFolder(folder.root))
  // What an earlier run left of a build.
  await rm(buildFolder(folder), { recursive: true, force: true })
  const connection = await connect(order, opened)
  const database = opened.use(openDatabase({ connection, log, clock, random }))
  await migrate(database, ALL_MIGRATIONS, { log, clock })
  const artifacts = await openArtifacts(folder.artifacts, random)
  const secret = await openInstanceSecret(folder.secret, random)
  const opening = { database, artifacts, secret, clock, random, log }
  const foundations = { ...opening, imageBases: readImageBases }
  return { ...foundations, signingKey: await openSigningKey(foundations) }
}

/** Where the built-in agent is built. */
export function buildFolder(folder: DataFolder): string {
  return join(folder.root, 'building')
}

/** For group and others. */
const PASSABLE = 0o011

async function openDataFolder(root: string): Promise<void> {
  try {
    const made = await mkdir(root, { recursive: true, mode: 0o700 })
    // Passable for the user that PostgreSQL runs as; what is inside protects itself. A folder that
    // was there keeps what it allows already: somebody may have named /srv, or worse.
    if (process.getuid?.() !== 0) return
    const mode = made === undefined ? (await stat(root)).mode & 0o7777 : 0o700
    if ((mode & PASSABLE) !== PASSABLE) await chmod(root, mode | PASSABLE)
  } catch (cause) {
    throw folderFault({ code: 'data-dir-not-usable', doing: `opening ${root}`, cause })
  }
}

async function connect(order: FoundationsOrder, opened: AsyncDisposableStack): Promise<Connection> {
  if (order.databaseUrl !== null) return { kind: 'url', url: order.databaseUrl }
  const { folder, log, clock } = order
  return opened.use(await startEmbedded({ dataDir: folder.postgres, log, clock })).connection
}

/**
 * What is fuzzed: two server processes of one instance, one of which speaks TLS and HTTP/2. They
 * are processes of their own, so that their memory is theirs alone.
 */
import { copyFile, mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemRandom } from '../../src/base/random.ts'
import { apiKeyFile } from '../../src/client/api-key.ts'
import { type AssembledServer, callsOf } from '../../src/server/testing/assembled.ts'
import { type Connection, clientSettings } from '../../src/store/connection.ts'
import { type DataFolder, dataFolder } from '../../src/store/data-folder.ts'
import { openInstanceSecret } from '../../src/store/secret.ts'
import { startTestDatabase } from '../../src/store/testing/database.ts'
import { temporaryFolder } from '../../src/store/testing/folder.ts'
import { type Running, start } from '../acceptance/processes.ts'
import type { FleetServer } from '../small-fleet.ts'
import { type Held, questionsOf } from './memory.ts'

export type FuzzServer = AsyncDisposable &
  FleetServer &
  Pick<AssembledServer, 'publish'> & {
    readonly connection: Connection
    readonly plain: Door
    readonly secure: Door
  }
export type Door = {
  readonly url: string
  readonly pid: number
  /** What the process has written: its errors. */
  output(): string
  /** What it holds when it holds no garbage. */
  held(): Promise<Held>
}

export async function startFuzzServer(): Promise<FuzzServer> {
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await startTestDatabase())
  const { path } = opened.use(await temporaryFolder())
  const { connection } = database
  const folder = dataFolder(join(path, 'plain'))
  const plain = await doorOf(opened.use(serve(folder.root, connection)))
  const second = await foldersBeside(folder, join(path, 'secure'))
  const secure = await doorOf(opened.use(serve(second, connection, '--tls')))
  const { id, key } = apiKeyFile.parse(JSON.parse(await readFile(folder.adminKey, 'utf8')))
  const secret = await openInstanceSecret(folder.secret, systemRandom)
  const owned = opened.move()
  return {
    url: plain.url,
    ...callsOf(plain.url, { id, key }),
    ...{ connection, secret, plain, secure },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const SERVE = fileURLToPath(new URL('serve.ts', import.meta.url))

/** A folder of its own for another server of the same instance. */
async function foldersBeside(folder: DataFolder, root: string): Promise<string> {
  const beside = dataFolder(root)
  await mkdir(root)
  await copyFile(folder.secret, beside.secret)
  await copyFile(folder.adminKey, beside.adminKey)
  await symlink(folder.artifacts, beside.artifacts)
  return root
}

function serve(data: string, connection: Connection, ...more: readonly string[]): Running {
  const order = ['--data', data, '--database', urlOf(connection), ...more]
  const running = start([process.execPath, SERVE, ...order])
  // Told, not killed: whatever it holds it gives back.
  return {
    ...running,
    [Symbol.asyncDispose]: async () => {
      await running.end('SIGTERM')
    },
  }
}

async function doorOf(running: Running): Promise<Door> {
  await running.said('\n')
  const [, url] = /^listening on (\S+)$/m.exec(running.output()) ?? []
  if (url === undefined) throw new Error(`the server did not start: ${running.output()}`)
  const { pid, output } = running
  return { url, pid, output, held: questionsOf(running) }
}

function urlOf(connection: Connection): string {
  const settings = clientSettings(connection)
  if ('connectionString' in settings) return settings.connectionString
  const { database, ...others } = settings
  const query = new URLSearchParams(
    Object.entries(others).map(([name, value]) => [name, `${value}`]),
  )
  return `postgres:///${database}?${query}`
}

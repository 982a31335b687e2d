/** A real server in a process of its own, in its own data folder, as `npm start` runs it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/clock.ts'
import { systemRandom } from '../../src/base/random.ts'
import { apiKeyFile } from '../../src/client/api-key.ts'
import { type Client, createClient } from '../../src/client/client.ts'
import { eventually, type Running, start } from './processes.ts'

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
/** The one command of the repository, whatever the caller's PATH. */
export const DRYDOCK = join(REPOSITORY, 'drydock')

export type ServerProcess = Running & { readonly url: string; readonly client: Client }

export async function startServerProcess(options: {
  readonly dataDir: string
  readonly port: number
  readonly env?: Readonly<Record<string, string>>
  /** A program that starts it and becomes it, with its arguments: `strace -D`. */
  readonly under?: readonly [string, ...string[]]
}): Promise<ServerProcess> {
  const { dataDir, port, under = [] } = options
  const [program = DRYDOCK, ...words] = [...under, DRYDOCK, 'serve']
  const url = `http://127.0.0.1:${port}`
  const running = start([program, ...words], {
    env: {
      DRYDOCK_DATA_DIR: dataDir,
      DRYDOCK_LISTEN: `127.0.0.1:${port}`,
      DRYDOCK_CHECK_IN_INTERVAL: '1',
      DRYDOCK_PROBATION: '20',
      ...options.env,
    },
  })
  const hasEnded = running.ended.then((code) => {
    throw new Error(`the server ended with ${code}:\n${running.output()}`)
  })
  await Promise.race([eventually('a ready server', () => isReady(url), 120_000), hasEnded])
  // From here on its end is the test's business.
  hasEnded.catch(() => {})
  const client = await clientOf(url, dataDir)
  return {
    ...running,
    url,
    client,
    // Told, not killed: its database ends with it, and the folder can be removed.
    async [Symbol.asyncDispose]() {
      await running.end('SIGTERM')
    },
  }
}

async function isReady(url: string): Promise<true | null> {
  try {
    return (await fetch(`${url}/readyz`)).ok ? true : null
  } catch {
    // Best effort: it does not listen yet.
    return null
  }
}

export async function clientOf(url: string, dataDir: string): Promise<Client> {
  const key = apiKeyFile.parse(JSON.parse(await readFile(join(dataDir, 'admin-key.json'), 'utf8')))
  return createClient({
    baseUrl: url,
    key,
    timeoutMs: 30_000,
    clock: systemClock,
    random: systemRandom,
  })
}

/** The whole server on a real database, a real folder and a real port, for tests. */
import { createHash } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { systemClock } from '../../base/clock.ts'
import { silentLog } from '../../base/log.ts'
import type { Target } from '../../base/platform.ts'
import { systemRandom } from '../../base/random.ts'
import { KEY_REQUESTS_BURST, KEY_REQUESTS_PER_S } from '../../contract/public/limits.ts'
import type { Licence } from '../../domain/access/licence.ts'
import { sampleBases } from '../../pack/oci/sample-base.suite.ts'
import { saveNewApiKey } from '../../store/api-keys.ts'
import { type Artifacts, openArtifacts } from '../../store/artifacts.ts'
import type { Connection } from '../../store/connection.ts'
import { type InstanceSecret, instanceSecret } from '../../store/secret.ts'
import { saveSigningKey } from '../../store/signing-keys.ts'
import { openTestDatabase, startTestDatabase } from '../../store/testing/database.ts'
import { temporaryFolder } from '../../store/testing/folder.ts'
import { newSigningKey } from '../../trust/keys.ts'
import { type Assembled, assembleServer } from '../assemble.ts'
import { keptOfApiKey, newApiKey } from '../http/authenticate.ts'
import { type Answered, listen } from '../http/listen.ts'
import { nothingThere } from '../http/nothing-there.ts'
import type { RateLimitSettings } from '../http/rate-limit.ts'

export type AssembledServer = AsyncDisposable & {
  readonly url: string
  readonly assembled: Assembled
  readonly artifacts: Artifacts
  readonly secret: InstanceSecret
  readonly folder: string
  readonly key: { readonly id: number; readonly key: string }
  /** Every request that was answered, in order. */
  readonly answered: readonly Answered[]
  headers(): Record<string, string>
  /** Sends `request_data` to a public call; status and parsed body. */
  call(path: string, data?: unknown): Promise<{ readonly status: number; readonly body: Body }>
  /** Uploads content as an artifact; its digest. */
  upload(content: Uint8Array): Promise<string>
  /** Publishes a small release for a target; its manifest digest. */
  publish(version: string, target?: Partial<Target>): Promise<string>
}

type Body = { readonly reply: Record<string, unknown> & { readonly err_code?: number } }

export type AssembledOptions = {
  readonly clock?: Clock
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Another server, whose database, secret and key this one shares. */
  readonly beside?: AssembledServer
  /** A migrated database instead of one of its own. */
  readonly connection?: Connection
  readonly licence?: Licence
  /** As the product has it when absent. */
  readonly keyRequests?: RateLimitSettings
}

function settingsOf(options: AssembledOptions) {
  return {
    publicUrl: 'http://unset',
    checkInIntervalS: 60,
    probationS: 300,
    licence: options.licence ?? null,
    keyRequests: options.keyRequests ?? { perS: KEY_REQUESTS_PER_S, burst: KEY_REQUESTS_BURST },
    productVersion: '0.0.0-test',
  }
}

export async function startAssembledServer(
  options: AssembledOptions = {},
): Promise<AssembledServer> {
  await using opened = new AsyncDisposableStack()
  const { beside } = options
  const opening = options.connection ?? beside?.assembled.needs.database.connection
  const database = opened.use(
    opening === undefined ? await startTestDatabase() : openTestDatabase(opening),
  )
  const folder = opened.use(await temporaryFolder()).path
  const clock = options.clock ?? systemClock
  const random = systemRandom
  const secret = beside?.secret ?? instanceSecret(random.bytes(32), random)
  const artifacts = await openArtifacts(`${folder}/artifacts`, random)
  const signingKey = beside?.assembled.needs.signingKey ?? newSigningKey(random)
  const { keyId, publicKey } = signingKey
  const sealedPrivate = new Uint8Array([1])
  if (beside === undefined) {
    await database.write((tx) => saveSigningKey(tx, { keyId, publicKey, sealedPrivate }, 0))
  }
  const key = newApiKey(random)
  const kept = keptOfApiKey(key, 'standard', secret)
  const about = { name: 'test', role: 'administrator', createdAt: 0, expiresAt: null }
  const id = await database.write((tx) =>
    saveNewApiKey(tx, { mode: 'standard', ...kept, ...about }),
  )
  const settings = settingsOf(options)
  const base = { database, artifacts, secret, signingKey, clock, random, log: silentLog, settings }
  const assembled = assembleServer({ ...base, imageBases: sampleBases })
  opened.defer(() => assembled.stop())
  const answered: Answered[] = []
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: options.tls ?? null,
    routes: assembled.routes,
    clock,
    log: silentLog,
    elsewhere: nothingThere,
    onAnswered(each) {
      assembled.onAnswered(each)
      answered.push(each)
    },
  })
  opened.defer(() => listener.close(100))
  opened.defer(() => assembled.endStreams())
  const protocol = options.tls === undefined ? 'http' : 'https'
  const url = `${protocol}://127.0.0.1:${listener.port}`
  settings.publicUrl = url
  const owned = opened.move()
  const server = { url, assembled, artifacts, secret, folder, key: { id, key }, answered }
  return {
    ...server,
    ...callsOf(url, { id, key }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What a client with a standard key does to a server that listens at `url`. */
export function callsOf(url: string, key: AssembledServer['key']) {
  const headers = () => ({ authorization: key.key, 'x-xdr-auth-id': String(key.id) })
  const call = async (path: string, data?: unknown) => {
    const body = JSON.stringify({ request_data: data ?? {} })
    const answer = await fetch(`${url}/public_api/v1/${path}`, {
      method: 'POST',
      headers: headers(),
      body,
    })
    return { status: answer.status, body: (await answer.json()) as Body }
  }
  const upload = async (content: Uint8Array) => {
    const digest = createHash('sha256').update(content).digest('hex')
    const path = `${url}/public_api/v1/releases/artifacts/${digest}`
    const put = { method: 'PUT', headers: headers(), body: Buffer.from(content) }
    const answer = await fetch(path, put)
    if (answer.status !== 200) throw new Error(await answer.text())
    await answer.arrayBuffer()
    return digest
  }
  const publish = async (version: string, target: Partial<Target> = {}) => {
    const launcher = await upload(Buffer.from(`the launcher ${'of every version '.repeat(500)}`))
    const agent = await upload(Buffer.from(`the agent of ${version}`))
    const files = [{ path: 'agent.mjs', digest: agent, executable: false }]
    const made = { version, platform: 'linux', arch: 'x64', libc: 'glibc', ...target }
    const published = await call('releases/publish', { ...made, launcher, files })
    if (published.status !== 200) throw new Error(JSON.stringify(published.body))
    return String(published.body.reply.manifest_digest)
  }
  return { headers, call, upload, publish }
}

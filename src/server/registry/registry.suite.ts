/** A registry with an image, and somebody who may pull from it. */
import type { DistributionId } from '../../base/ids.ts'
import { invariant } from '../../base/invariant.ts'
import type { AgentVersion } from '../../base/version.ts'
import { loadDistribution } from '../../store/distributions.ts'
import { type AssembledServer, startAssembledServer } from '../testing/assembled.ts'
import { orderBuilt } from '../testing/ordered.ts'
import { imageFor } from './image-for.ts'
import type { Image } from './image-reference.ts'
import { type PullCredentials, pullCredentials } from './pull-credentials.ts'

export const VERSION = '1.2.3.4' as AgentVersion

export type Registry = AsyncDisposable & {
  readonly server: AssembledServer
  readonly image: Image
  readonly distributionId: string
  readonly credentials: PullCredentials
  /** Asks for a path below `/v2/drydock/agent/`, as whoever holds the credentials. */
  ask(path: string, options?: AskOptions): Promise<Response>
  json(path: string): Promise<Record<string, unknown>>
}

export type AskOptions = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

export async function startRegistry(): Promise<Registry> {
  await using opened = new AsyncDisposableStack()
  const server = opened.use(await startAssembledServer())
  await server.publish(VERSION)
  const distributionId = await orderBuilt(server)
  const image = await imageFor(server.assembled.needs, VERSION)
  const credentials = await credentialsOf(server, distributionId)
  const owned = opened.move()
  const ask = (path: string, { method = 'GET', headers = {} }: AskOptions = {}) => {
    const all = { authorization: basic(credentials), ...headers }
    return fetch(`${server.url}/v2/drydock/agent/${path}`, { method, headers: all })
  }
  const json = async (path: string) => (await ask(path)).json() as Promise<Record<string, unknown>>
  const registry = { server, image, distributionId, credentials, ask, json }
  return { ...registry, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Those of now. */
export async function credentialsOf(
  server: AssembledServer,
  distributionId: string,
): Promise<PullCredentials> {
  const id = distributionId as DistributionId // As the server gave it.
  const distribution = await loadDistribution(server.assembled.needs.database.read, id)
  invariant(distribution !== undefined, 'it was ordered')
  return pullCredentials(server.secret, distribution)
}

export function basic({ username, password }: PullCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

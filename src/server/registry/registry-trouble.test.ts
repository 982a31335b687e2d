import { expect, it } from 'vitest'
import { Fault } from '../../base/fault.ts'
import type { Bandwidth } from '../http/bandwidth.ts'
import type { HttpAnswer, Method } from '../http/exchange.ts'
import type { ServerNeeds } from '../needs.ts'
import { basic, type Registry, startRegistry, VERSION } from './registry.suite.ts'
import { registryRoutes } from './routes.ts'

/** Asks a registry that is as the running one, but for `change`. */
async function ask(
  registry: Registry,
  asked: { readonly method?: Method; readonly kind: string; readonly reference: string },
  change: Partial<ServerNeeds>,
): Promise<HttpAnswer> {
  const routes = registryRoutes({ ...registry.server.assembled.needs, ...change })
  const { method = 'GET', kind, reference } = asked
  const route = routes.find(({ path }) => path.includes(`/${kind}/`))
  if (route === undefined) throw new Error(`no route for ${kind}`)
  return await route.answer({
    method,
    path: `/v2/drydock/agent/${kind}/${reference}`,
    params: { folder: 'drydock', name: 'agent', reference, digest: reference },
    query: new URLSearchParams(),
    headers: { authorization: basic(registry.credentials) },
    body: { read: () => Promise.reject(new Error('no body')), stream: () => emptyStream() },
    remoteAddress: '127.0.0.1',
  })
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {}

async function layerOf(registry: Registry): Promise<string> {
  const index = (await registry.json(`manifests/${VERSION}`)) as { manifests: { digest: string }[] }
  const manifest = await registry.json(`manifests/${index.manifests[0]?.digest}`)
  const { layers } = manifest as { layers: { digest: string }[] }
  return layers[1]?.digest ?? ''
}

it('a layer keeps to the bandwidth that is set, and waits where it is used up', async () => {
  await using registry = await startRegistry()
  const layer = { kind: 'blobs', reference: await layerOf(registry) }
  const full: Bandwidth = { begin: async () => 'full' }
  const refused = await ask(registry, layer, { bandwidth: full })
  expect(refused.status).toBe(429)
  expect(JSON.parse(String(refused.body))).toMatchObject({ errors: [{ code: 'TOOMANYREQUESTS' }] })
  const told = await ask(registry, { ...layer, method: 'HEAD' }, { bandwidth: full })
  expect([told.status, told.body]).toEqual([200, null])
  const manifest = { kind: 'manifests', reference: VERSION }
  expect((await ask(registry, manifest, { bandwidth: full })).status).toBe(200)
  let paced = 0
  const slow = {
    begin: async () =>
      async function* (parts: AsyncIterable<Uint8Array>) {
        for await (const part of parts) {
          paced += part.length
          yield part
        }
      },
  }
  const { body, headers } = await ask(registry, layer, { bandwidth: slow })
  for await (const _ of body as AsyncIterable<Uint8Array>);
  expect(String(paced)).toBe(headers['content-length'])
})

it.each([
  ['later', 503, 'UNAVAILABLE'],
  ['never', 500, 'UNKNOWN'],
] as const)(
  'a fault to be tried again %s is told without its cause',
  async (retry, status, code) => {
    await using registry = await startRegistry()
    const imageBases = () => Promise.reject(new Fault({ code: 'secret-cause', doing: 'x', retry }))
    const answer = await ask(registry, { kind: 'manifests', reference: VERSION }, { imageBases })
    expect(answer.status).toBe(status)
    expect(JSON.parse(String(answer.body))).toMatchObject({ errors: [{ code }] })
    expect(String(answer.body)).not.toContain('secret-cause')
  },
)

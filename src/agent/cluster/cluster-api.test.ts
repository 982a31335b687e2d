/** Answers that an API, or what stands in its place, may give: each ends, with what went wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import * as z from 'zod'
import { systemClock } from '../../base/clock.ts'
import { ManualClock } from '../../base/clock-manual.ts'
import { ClusterApi, type ClusterApiNeeds } from './cluster-api.ts'

const schema = z.object({ ok: z.literal(true) })
let folder: string
let server: Server | null = null
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-api-'))
  writeFileSync(join(folder, 'token'), 'one\n')
})
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  rmSync(folder, { recursive: true })
})

async function apiOf(
  listener: RequestListener,
  clock: ClusterApiNeeds['clock'] = systemClock,
): Promise<ClusterApi> {
  const started = createServer(listener)
  server = started
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
  const { port } = started.address() as AddressInfo
  const names = { namespace: 'drydock', daemon_set: 'agent', container: 'agent' }
  const pod = {
    file: { schema: 1, cluster_name: '', ...names } as const,
    nodeName: 'node-a',
    apiUrl: `http://127.0.0.1:${port}`,
    tokenPath: join(folder, 'token'),
    certificatesPath: join(folder, 'ca.crt'),
  }
  return new ClusterApi({ pod, fetch, clock })
}

const GET = { method: 'GET', path: '/apis' } as const

it('shows the token as it is now: the kubelet replaces it', async () => {
  const seen: unknown[] = []
  const api = await apiOf((request, response) => {
    seen.push(request.headers.authorization)
    response.end('{"ok":true}')
  })
  expect(await api.ask(GET, schema)).toEqual({ ok: true, value: { ok: true } })
  writeFileSync(join(folder, 'token'), 'two\n')
  await api.ask(GET, schema)
  rmSync(join(folder, 'token'))
  await api.ask(GET, schema)
  expect(seen).toEqual(['Bearer one', 'Bearer two', undefined])
})

it('sends no token over TLS to whom the cluster has not vouched for', async () => {
  const names = { namespace: 'drydock', daemon_set: 'agent', container: 'agent' }
  const sent: string[] = []
  const api = new ClusterApi({
    pod: {
      file: { schema: 1, cluster_name: '', ...names },
      nodeName: 'node-a',
      apiUrl: 'https://127.0.0.1:1',
      tokenPath: join(folder, 'token'),
      certificatesPath: join(folder, 'not-there'),
    },
    fetch: async (url) => {
      sent.push(url)
      return new Response('{"ok":true}')
    },
    clock: systemClock,
  })
  expect(await api.ask(GET, schema)).toMatchObject({
    refusal: { kind: 'unavailable', message: expect.stringContaining("cluster's certificates") },
  })
  expect(sent).toEqual([])
})

it.each([
  [401, '{"message":"Unauthorized"}', 'forbidden'],
  [403, '{"message":"cannot patch"}', 'forbidden'],
  [404, '', 'not-found'],
  [409, '{"message":"modified"}', 'conflict'],
  [422, '{"message":"invalid"}', 'unavailable'],
  [500, '<html>', 'unavailable'],
  [302, '', 'unavailable'],
  [200, '{"ok":false}', 'unavailable'],
  [200, '{', 'unavailable'],
])('%i with %j is %s', async (status, body, kind) => {
  const api = await apiOf((_, response) => {
    response.writeHead(status, { location: 'http://127.0.0.1:1/elsewhere' }).end(body)
  })
  const asked = await api.ask(GET, schema)
  expect(asked).toMatchObject({ ok: false, refusal: { kind } })
  const said = /"message":"([^"]+)"/.exec(body)?.[1] ?? ''
  expect(asked.ok ? '' : asked.refusal.message).toContain(said)
})

it('an answer without an end is left at its limit', async () => {
  const piece = Buffer.alloc(1024 * 1024, 0x20)
  const api = await apiOf((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  })
  const asked = await api.ask(GET, schema)
  expect(asked.ok ? '' : asked.refusal.message).toContain('at most 16777216 bytes')
})

it.each(['headers', 'body'])(
  'an API that falls silent before its %s is not waited for',
  async (at) => {
    const clock = new ManualClock(0)
    let hear: () => void = () => {}
    const heard = new Promise<void>((resolve) => {
      hear = resolve
    })
    const api = await apiOf((_, response) => {
      if (at === 'body') response.write('{"ok":')
      hear()
    }, clock)
    const asking = api.ask(GET, schema)
    await heard
    clock.advance(10_000)
    expect(await asking).toMatchObject({ ok: false, refusal: { kind: 'unavailable' } })
  },
)

it('nobody listens', async () => {
  const api = await apiOf(() => {})
  await new Promise((resolve) => server?.close(resolve))
  server = null
  expect(await api.ask(GET, schema)).toMatchObject({ ok: false, refusal: { kind: 'unavailable' } })
})

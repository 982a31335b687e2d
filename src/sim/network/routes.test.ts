import { expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../base/bytes.ts'
import { type HttpRequest, type HttpRoute, jsonAnswer } from '../../server/http/exchange.ts'
import type { WireRequest } from './network.ts'
import { serveRoutes } from './routes.ts'

function echo(methods: HttpRoute['methods'], path: string): HttpRoute {
  return {
    methods,
    path,
    logLevel: 'debug',
    async answer(request: HttpRequest) {
      const read = await request.body.read(5)
      const body = read.ok ? fromUtf8(read.value) : read.refusal.code
      return jsonAnswer(200, { route: path, params: request.params, body })
    },
  }
}

const serve = serveRoutes([
  echo(['POST'], '/agent/v1/check-in'),
  echo(['GET', 'HEAD'], '/agent/v1/artifacts/:digest'),
])

async function ask(request: Partial<WireRequest>) {
  const whole = { method: 'GET' as const, path: '/', query: '', headers: {}, remoteAddress: 'm' }
  const { status, body } = await serve({ ...whole, body: new Uint8Array(), ...request })
  return { status, said: JSON.parse(String(body)) }
}

it('a request comes to the route that its method and its path name', async () => {
  const check = { method: 'POST', path: '/agent/v1/check-in/', body: utf8('hello') } as const
  expect((await ask(check)).said).toEqual({
    route: '/agent/v1/check-in',
    params: {},
    body: 'hello',
  })
  expect((await ask({ path: '/agent/v1/artifacts/a%20b' })).said.params).toEqual({ digest: 'a b' })
})

it('a body is read within its limit', async () => {
  const check = { method: 'POST', path: '/agent/v1/check-in', body: utf8('hello!') } as const
  expect((await ask(check)).said.body).toBe('body-too-large')
})

it('where there is no route, it is said as the server says it', async () => {
  expect((await ask({ path: '/agent/v1/nothing' })).status).toBe(404)
  expect((await ask({ path: '/agent/v1/check-in' })).status).toBe(405)
})

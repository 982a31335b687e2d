import { once } from 'node:events'
import { connect } from 'node:http2'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { silentLog } from '../base/log.ts'
import { type Listener, listen } from '../server/http/listen.ts'
import { nothingThere } from '../server/http/nothing-there.ts'
import { documentationRoutes } from '../server/openapi/routes.ts'
import { TEST_CERTIFICATE } from '../server/testing/certificate.ts'
import { readApiViewer } from './api-viewer.ts'

const viewer = await readApiViewer(silentLog)
const routes = documentationRoutes(viewer)

let plain: Listener
let secure: Listener
let url: string
beforeAll(async () => {
  const common = {
    ...{ host: '127.0.0.1', port: 0, routes, clock: systemClock, log: silentLog },
    ...{ elsewhere: nothingThere, onAnswered: () => undefined },
  }
  plain = await listen({ ...common, tls: null })
  secure = await listen({ ...common, tls: TEST_CERTIFICATE })
  url = `http://127.0.0.1:${plain.port}`
})
afterAll(async () => {
  await plain.close(100)
  await secure.close(100)
})

const assetsOf = (page: string) => [...page.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)]

describe('/docs', () => {
  it('is a page whose every file is here, and which may do nothing else', async () => {
    const answer = await fetch(`${url}/docs/`)
    expect(answer.status).toBe(200)
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /)
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    const page = await answer.text()
    expect(page).not.toMatch(/https?:|<style|<script(?! src="\/docs\/)|\son\w+=/)
    const paths = assetsOf(page).map(([, path]) => path ?? '')
    expect(paths.map((path) => path.split('/').at(-1))).toEqual([
      'swagger-ui.css',
      'swagger-ui-bundle.js',
      'start.js',
    ])
    for (const path of paths) {
      const file = await fetch(`${url}${path}`)
      expect(file.status).toBe(200)
      expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(file.headers.get('content-type')).toMatch(/^text\/(?:css|javascript); charset=utf-8$/)
      expect(file.headers.get('x-content-type-options')).toBe('nosniff')
      expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(100)
    }
  })

  it('has a style sheet that fetches nothing', async () => {
    const page = await (await fetch(`${url}/docs`)).text()
    const [style] = assetsOf(page)
    const text = await (await fetch(`${url}${style?.[1]}`)).text()
    expect(text).not.toMatch(/@import/)
    expect([...text.matchAll(/url\((?!["']?data:)/g)]).toEqual([])
  })

  it.each([
    '/docs/package.json',
    '/docs/../package.json',
    '/docs/%2e%2e/package.json',
    '/docs/0000000000000000/start.js',
    '/docs/swagger-ui-dist/index.html',
    '/docs//etc/passwd',
  ])('serves nothing else: %s', async (path) => {
    const answer = await fetch(`${url}${path}`)
    expect(answer.status).toBe(404)
    await answer.arrayBuffer()
  })

  it('is served over HTTP/2 too, packed or not', async () => {
    await using session = await sessionOf(secure)
    const whole = await session.get('/openapi.json', {})
    const packed = await session.get('/openapi.json', { 'accept-encoding': 'gzip, br' })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(packed.body).equals(whole.body)).toBe(true)
    expect(JSON.parse(whole.body.toString())).toMatchObject({ openapi: '3.1.0' })
    expect((await session.get('/docs', {})).headers[':status']).toBe(200)
  })
})

describe('/openapi.json', () => {
  it('is asked for once: 304 afterwards; HEAD tells its length', async () => {
    const answer = await fetch(`${url}/openapi.json`)
    expect(answer.headers.get('content-type')).toBe('application/json')
    const etag = answer.headers.get('etag') ?? ''
    await answer.arrayBuffer()
    for (const named of [etag, `"other", ${etag}`, '*']) {
      const again = await fetch(`${url}/openapi.json`, { headers: { 'if-none-match': named } })
      expect(again.status).toBe(304)
      expect(await again.text()).toBe('')
    }
    const head = await fetch(`${url}/openapi.json`, { method: 'HEAD' })
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(5_000)
  })

  it('is there without a viewer, and then alone', () => {
    expect(documentationRoutes([]).map(({ path }) => path)).toEqual(['/openapi.json'])
  })
})

async function sessionOf(listener: Listener) {
  const session = connect(`https://localhost:${listener.port}`, { ca: TEST_CERTIFICATE.cert })
  await once(session, 'connect')
  return {
    async get(path: string, headers: Readonly<Record<string, string>>) {
      const stream = session.request({ ':path': path, ...headers })
      const [answered] = await once(stream, 'response')
      const parts: Buffer[] = []
      for await (const part of stream) parts.push(part)
      return { headers: answered, body: Buffer.concat(parts) }
    },
    [Symbol.asyncDispose]: async () => session.destroy(),
  }
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '../../base/digest.ts'
import { MEDIA_TYPES } from '../../pack/oci/media-types.ts'
import { type Registry, startRegistry, VERSION } from './registry.suite.ts'

type Descriptor = { readonly digest: string; readonly size: number }

const NOTHING = `sha256:${'0'.repeat(64)}`

let registry: Registry
let manifest: {
  readonly digest: string
  readonly config: Descriptor
  readonly layers: Descriptor[]
}

beforeAll(async () => {
  registry = await startRegistry()
  const index = (await registry.json(`manifests/${VERSION}`)) as { manifests: Descriptor[] }
  const digest = index.manifests[0]?.digest ?? ''
  const { config, layers } = (await registry.json(`manifests/${digest}`)) as never
  manifest = { digest, config, layers }
})
afterAll(() => registry[Symbol.asyncDispose]())

describe('what is there', () => {
  it('is said to be a registry', async () => {
    const headers = { authorization: await authorization() }
    for (const path of ['/v2/', '/v2']) {
      const answer = await fetch(`${registry.server.url}${path}`, { headers })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
      expect(await answer.json()).toEqual({})
    }
  })

  it('is found by its tag and by its digest, and is what its digest says', async () => {
    for (const name of [VERSION, registry.image.digest]) {
      const answer = await registry.ask(`manifests/${name}`)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe(MEDIA_TYPES.index)
      expect(answer.headers.get('docker-content-digest')).toBe(registry.image.digest)
      const bytes = new Uint8Array(await answer.arrayBuffer())
      expect(`sha256:${digestOf(bytes)}`).toBe(registry.image.digest)
      expect(answer.headers.get('content-length')).toBe(String(bytes.length))
    }
  })

  it('are the configuration and the layers that the manifest names', async () => {
    for (const { digest, size } of [manifest.config, ...manifest.layers]) {
      const answer = await registry.ask(`blobs/${digest}`)
      expect(answer.headers.get('content-type')).toBe('application/octet-stream')
      expect(answer.headers.get('docker-content-digest')).toBe(digest)
      const bytes = new Uint8Array(await answer.arrayBuffer())
      expect([bytes.length, `sha256:${digestOf(bytes)}`]).toEqual([size, digest])
    }
  })

  it('is told by HEAD without its bytes', async () => {
    const [layer] = manifest.layers
    for (const path of [`manifests/${VERSION}`, `blobs/${layer?.digest}`]) {
      const told = await registry.ask(path, { method: 'HEAD' })
      const whole = await registry.ask(path)
      expect(told.status).toBe(200)
      for (const name of ['content-type', 'content-length', 'docker-content-digest', 'etag']) {
        expect([name, told.headers.get(name)]).toEqual([name, whole.headers.get(name)])
      }
      expect((await told.arrayBuffer()).byteLength).toBe(0)
      await whole.arrayBuffer()
    }
  })

  it('comes in parts, and not again to who has it', async () => {
    const { digest, size } = manifest.layers[1] ?? { digest: '', size: 0 }
    const whole = new Uint8Array(await (await registry.ask(`blobs/${digest}`)).arrayBuffer())
    const range = `bytes=${size - 100}-`
    const part = await registry.ask(`blobs/${digest}`, { headers: { range } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe(`bytes ${size - 100}-${size - 1}/${size}`)
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(whole.subarray(size - 100))
    const beyond = { headers: { range: `bytes=${size}-` } }
    expect((await registry.ask(`blobs/${digest}`, beyond)).status).toBe(416)
    const headers = { 'if-none-match': part.headers.get('etag') ?? '' }
    expect((await registry.ask(`blobs/${digest}`, { headers })).status).toBe(304)
  })
})

describe('what is asked for and not there', () => {
  it.each([
    ['a tag', 'manifests/9.9.9.9', 404, 'MANIFEST_UNKNOWN'],
    ['latest', 'manifests/latest', 404, 'MANIFEST_UNKNOWN'],
    ['a digest', `manifests/${NOTHING}`, 404, 'MANIFEST_UNKNOWN'],
    ['another algorithm', `manifests/sha512:${'0'.repeat(128)}`, 404, 'MANIFEST_UNKNOWN'],
    ['a blob', `blobs/${NOTHING}`, 404, 'BLOB_UNKNOWN'],
    ['a blob of no digest', 'blobs/latest', 400, 'DIGEST_INVALID'],
    ['a digest in capitals', `blobs/sha256:${'A'.repeat(64)}`, 400, 'DIGEST_INVALID'],
    ['traversal', 'blobs/..%2f..%2f..%2finstance-secret', 400, 'DIGEST_INVALID'],
    ['a reference without end', `manifests/${'x'.repeat(250)}`, 404, 'NAME_UNKNOWN'],
    ['a tag that no database takes', 'manifests/%00', 404, 'MANIFEST_UNKNOWN'],
    ['tags of no number', 'tags/list?n=many', 400, 'PAGINATION_NUMBER_INVALID'],
    ['referrers', `referrers/${NOTHING}`, 404, 'NAME_UNKNOWN'],
    ['another repository', '../other/manifests/1', 404, 'NAME_UNKNOWN'],
    ['a longer name', 'more/manifests/1', 404, 'NAME_UNKNOWN'],
  ])('%s: %s', async (_, path, status, code) => {
    const answer = await registry.ask(path)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/)
    const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] }
    expect(errors).toEqual([{ code, message: expect.any(String), detail: null }])
  })

  it('tags behind what no database takes are those behind what stands before it', async () => {
    const tagsBehind = async (last: string) => (await registry.json(`tags/list?last=${last}`)).tags
    expect(await tagsBehind('0%00x')).toEqual([VERSION])
    expect(await tagsBehind(`${VERSION}%00x`)).toEqual([])
  })

  it('a manifest is no blob, and a blob no manifest', async () => {
    expect((await registry.ask(`blobs/${registry.image.digest}`)).status).toBe(404)
    expect((await registry.ask(`manifests/${manifest.config.digest}`)).status).toBe(404)
  })

  it.each([
    ['POST', 'blobs/uploads/'],
    ['PATCH', 'blobs/uploads/1'],
    ['PUT', `blobs/${NOTHING}`],
    ['PUT', 'manifests/1.0.0.0'],
    ['DELETE', `manifests/${NOTHING}`],
    ['DELETE', `blobs/${NOTHING}`],
    ['POST', 'tags/list'],
  ])('nobody pushes or deletes: %s %s', async (method, path) => {
    const answer = await registry.ask(path, { method })
    if (path === 'blobs/uploads/1') return expect(answer.status).toBe(404)
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toContain('GET')
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'UNSUPPORTED' }] })
  })
})

describe('a client', () => {
  it.each([
    ['of anything', '*/*'],
    ['of indexes', `${MEDIA_TYPES.manifest}, ${MEDIA_TYPES.index};q=0.9`],
    ['of anything in JSON', 'text/html, application/*'],
  ])('%s gets the index', async (_, accept) => {
    const answer = await registry.ask(`manifests/${VERSION}`, { headers: { accept } })
    expect(answer.headers.get('content-type')).toBe(MEDIA_TYPES.index)
    await answer.arrayBuffer()
  })

  it('that knows no index is told so', async () => {
    const accept = 'application/vnd.docker.distribution.manifest.v2+json'
    const answer = await registry.ask(`manifests/${VERSION}`, { headers: { accept } })
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({
      errors: [{ code: 'MANIFEST_UNKNOWN', message: expect.stringContaining(MEDIA_TYPES.index) }],
    })
  })
})

async function authorization(): Promise<string> {
  const { username, password } = registry.credentials
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { startAssembledServer } from './testing/assembled.ts'

type Server = Awaited<ReturnType<typeof startAssembledServer>>

async function order(server: Server, data: Record<string, unknown> = {}): Promise<string> {
  const asked = { name: 'web', platform: 'linux', package_type: 'standalone', ...data }
  const created = await server.call('distributions/create', asked)
  expect(created).toMatchObject({ status: 200 })
  await server.assembled.drain()
  return String(created.body.reply.distribution_id)
}

async function linkTo(server: Server, distribution_id: string, package_type: string) {
  const answer = await server.call('distributions/get_dist_url', { distribution_id, package_type })
  expect(answer).toMatchObject({ status: 200 })
  return answer.body.reply as {
    distribution_url: string
    file_name: string
    size: number
    sha256: string
  }
}

describe('a distribution, from the order to its bytes', () => {
  it('is built, told, and downloaded; the bytes are what its SHA-256 says', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4')
    const distribution_id = await order(server, { endpoint_tags: ['a', 'b'] })
    expect(await server.call('distributions/get_status', { distribution_id })).toEqual({
      status: 200,
      body: {
        reply: {
          status: 'Completed',
          reason: null,
          message: null,
          supported_packages: ['deb', 'rpm', 'sh'],
        },
      },
    })
    for (const type of ['deb', 'rpm', 'sh']) {
      const link = await linkTo(server, distribution_id, type)
      const answer = await fetch(link.distribution_url)
      const bytes = Buffer.from(await answer.arrayBuffer())
      expect(answer.status).toBe(200)
      expect(bytes.length).toBe(link.size)
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(link.sha256)
      expect(answer.headers.get('content-disposition')).toMatch(
        /^attachment; filename="[\w.+~-]+"$/,
      )
    }
  })

  it('gives the same bytes for the same order built twice, but for its own identity', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4')
    const id = await order(server)
    const sums = async (of: string) => {
      const links = ['deb', 'rpm', 'sh'].map((type) => linkTo(server, of, type))
      return (await Promise.all(links)).map((link) => link.sha256)
    }
    const before = await sums(id)
    const { database } = server.assembled.needs
    await database.write(async (tx) => {
      await tx.deleteFrom('package').execute()
      await tx.updateTable('distribution').set({ state: 'requested' }).execute()
      const effect = { kind: 'build-distribution', subject: id, created_at: 0, due_at: 0 }
      await tx
        .insertInto('outbox')
        .values({ ...effect, attempts: 0, last_error: null })
        .execute()
    })
    await server.assembled.drain()
    expect(await sums(id)).toEqual(before)
    const other = await order(server, { name: 'other' })
    expect((await sums(other)).filter((sum) => before.includes(sum))).toEqual([])
  })

  it('comes for every arch; a musl build stands in where there is no glibc one', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4', { arch: 'x64', libc: 'musl' })
    await server.publish('1.2.3.4', { arch: 'x64', libc: 'glibc' })
    await server.publish('1.2.3.4', { arch: 'arm64', libc: 'musl' })
    const distribution_id = await order(server)
    const { body } = await server.call('distributions/get_status', { distribution_id })
    const types = body.reply.supported_packages as string[]
    expect(types.toSorted()).toEqual(['aarch64_sh', 'deb', 'rpm', 'sh'])
  })

  it('comes as an rpm of each arch under its documented type', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4', { arch: 'x64' })
    await server.publish('1.2.3.4', { arch: 'arm64' })
    const distribution_id = await order(server)
    for (const [package_type, name] of [
      ['rpm', 'drydock-agent-1.2.3.4-1.x86_64.rpm'],
      ['aarch64_rpm', 'drydock-agent-1.2.3.4-1.aarch64.rpm'],
    ] as const) {
      const link = await linkTo(server, distribution_id, package_type)
      expect(link.file_name).toBe(name)
      const answer = await fetch(link.distribution_url)
      expect(answer.headers.get('content-type')).toBe('application/x-rpm')
      await answer.body?.cancel()
    }
  })

  it('costs little: no package bytes are copied, and no plaintext token is stored', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4')
    await order(server)
    const { database } = server.assembled.needs
    const packages = await database.read.selectFrom('package').selectAll().execute()
    const sealed = packages.reduce((sum, row) => sum + row.sealed_segments.length, 0)
    expect(sealed).toBeLessThan(64 * 1024)
    const link = await linkTo(server, packages[0]?.distribution_id ?? '', 'sh')
    const text = Buffer.from(await (await fetch(link.distribution_url)).arrayBuffer())
    expect(text.includes('the launcher')).toBe(false)
  })
})

describe('downloads', () => {
  it('GET, HEAD and POST answer alike; ranges give parts of the same bytes', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4')
    const link = await linkTo(server, await order(server), 'deb')
    const whole = Buffer.from(await (await fetch(link.distribution_url)).arrayBuffer())
    const posted = await fetch(link.distribution_url, { method: 'POST', body: '' })
    expect(Buffer.from(await posted.arrayBuffer()).equals(whole)).toBe(true)
    const head = await fetch(link.distribution_url, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(String(whole.length))
    expect((await head.arrayBuffer()).byteLength).toBe(0)
    const etag = head.headers.get('etag') ?? ''
    for (const [first, last] of [
      [0, 0],
      [1, 99],
      [50, whole.length - 1],
      [whole.length - 7, whole.length + 5],
    ] as const) {
      const headers = { range: `bytes=${first}-${last}`, 'if-range': etag }
      const part = await fetch(link.distribution_url, { headers })
      expect(part.status).toBe(206)
      const bytes = Buffer.from(await part.arrayBuffer())
      expect(bytes.equals(whole.subarray(first, last + 1))).toBe(true)
      const end = Math.min(last, whole.length - 1)
      expect(part.headers.get('content-range')).toBe(`bytes ${first}-${end}/${whole.length}`)
    }
    const stale = { range: 'bytes=1-2', 'if-range': '"other"' }
    expect((await fetch(link.distribution_url, { headers: stale })).status).toBe(200)
    const beyond = await fetch(link.distribution_url, {
      headers: { range: `bytes=${whole.length}-` },
    })
    expect(beyond.status).toBe(416)
    expect(beyond.headers.get('content-range')).toBe(`bytes */${whole.length}`)
    const known = await fetch(link.distribution_url, { headers: { 'if-none-match': etag } })
    expect(known.status).toBe(304)
  })

  it('a link opens its own package only; an API key opens any', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4')
    const link = await linkTo(server, await order(server), 'deb')
    const status = async (url: string, headers?: Record<string, string>) =>
      (await fetch(url, headers === undefined ? {} : { headers })).status
    const { distribution_url: good } = link
    const changed = good.replace(/expires=\d/, 'expires=9')
    expect(await status(changed)).toBe(403)
    expect(await status(good.replace('/deb/', '/sh/'))).toBe(403)
    expect(await status(good.replace(/signature=.*/, 'signature='))).toBe(403)
    const bare = good.replace(/\?.*/, '')
    expect(await status(bare)).toBe(401)
    expect(await status(bare, server.headers())).toBe(200)
    expect(await status(bare.replace(/[^/]*$/, 'other.deb'), server.headers())).toBe(404)
    expect(await status(bare.replace('/deb/', '/pkg/'), server.headers())).toBe(400)
  })

  it('a client that goes away frees what it held', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4')
    const link = await linkTo(server, await order(server), 'sh')
    const abort = new AbortController()
    const answer = await fetch(link.distribution_url, { signal: abort.signal })
    await answer.body?.getReader().read()
    abort.abort()
    // The server is still whole: the next one gets everything.
    const next = await fetch(link.distribution_url)
    expect((await next.arrayBuffer()).byteLength).toBe(link.size)
  })
})

describe('orders that are refused', () => {
  it.each([
    [{ platform: 'windows' }, 500, 'nothing-released'],
    [{ agent_version: '9.9.9.9' }, 400, 'version-not-released'],
    [{ package_type: 'serverless' }, 400, 'invalid-request'],
    [{ name: 'a/b' }, 400, 'invalid-request'],
    [{ surprise: 1 }, 400, 'invalid-request'],
  ])('%o', async (data, status, reason) => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4')
    const asked = { name: 'web', platform: 'linux', package_type: 'standalone', ...data }
    expect(await server.call('distributions/create', asked)).toMatchObject({
      status,
      body: { err_code: String(status), reply: { err_code: status, reason } },
    })
  })

  it('with an empty catalogue there is nothing to order', async () => {
    await using server = await startAssembledServer()
    const asked = { name: 'web', platform: 'linux', package_type: 'standalone' }
    expect(await server.call('distributions/create', asked)).toMatchObject({
      status: 500,
      body: { reply: { reason: 'nothing-released' } },
    })
  })

  it.each(['get_status', 'get_dist_url'])(
    '%s of a distribution that is not there',
    async (call) => {
      await using server = await startAssembledServer()
      const data = {
        distribution_id: '0'.repeat(32),
        ...(call === 'get_status' ? {} : { package_type: 'deb' }),
      }
      expect(await server.call(`distributions/${call}`, data)).toMatchObject({
        status: 404,
        body: { reply: { reason: 'distribution-unknown' } },
      })
    },
  )
})

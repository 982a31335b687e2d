import { describe, expect, it } from 'vitest'
import type { AgentVersion } from '../../base/version.ts'
import { loadAudit } from '../../store/audit.ts'
import { loadImage } from '../../store/images.ts'
import { startAssembledServer } from '../testing/assembled.ts'
import { orderBuilt } from '../testing/ordered.ts'
import { preparingReleases } from '../work/prepare-releases.ts'
import { imageFor } from './image-for.ts'
import type { PullCredentials } from './pull-credentials.ts'
import { basic, credentialsOf, type Registry, startRegistry, VERSION } from './registry.suite.ts'

async function statusFor(registry: Registry, credentials: PullCredentials): Promise<number> {
  const headers = { authorization: basic(credentials) }
  const answer = await registry.ask(`manifests/${VERSION}`, { headers })
  await answer.arrayBuffer()
  return answer.status
}

describe('who pulls', () => {
  it('is told how to say who they are', async () => {
    await using registry = await startRegistry()
    const { server } = registry
    for (const path of ['/v2/', '/v2/drydock/agent/tags/list', '/v2/no/such/manifests/1']) {
      const answer = await fetch(`${server.url}${path}`)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Drydock", charset="UTF-8"')
      expect(await answer.json()).toMatchObject({ errors: [{ code: 'UNAUTHORIZED' }] })
    }
  })

  it('shows the credentials of a distribution that is there, and no others', async () => {
    await using registry = await startRegistry()
    const { server, credentials } = registry
    const other = await credentialsOf(server, await orderBuilt(server, { name: 'other' }))
    expect(await statusFor(registry, credentials)).toBe(200)
    expect(await statusFor(registry, other)).toBe(200)
    const { username, password } = credentials
    for (const wrong of [
      { username, password: other.password },
      { username, password: '' },
      { username, password: `${password}x` },
      { username: 'a'.repeat(32), password },
      { username: 'admin', password },
      { username: '', password: '' },
    ]) {
      expect([wrong, await statusFor(registry, wrong)]).toEqual([wrong, 401])
    }
    for (const authorization of [
      'Basic',
      'Basic !',
      `Basic ${'A'.repeat(5000)}`,
      `Bearer ${password}`,
      'Basic dXNlcg==',
    ]) {
      const answer = await registry.ask('tags/list', { headers: { authorization } })
      expect([authorization, answer.status]).toEqual([authorization, 401])
      await answer.arrayBuffer()
    }
  })

  it('is noted when the credentials were wrong, not when there were none', async () => {
    await using registry = await startRegistry()
    const { server, credentials } = registry
    await (await fetch(`${server.url}/v2/`)).arrayBuffer()
    expect(await statusFor(registry, { ...credentials, password: 'guessed' })).toBe(401)
    await server.assembled.needs.refusedAttempts.drain()
    const entries = await loadAudit(server.assembled.needs.database.read, 100)
    expect(entries.filter(({ action }) => action === 'auth.refuse')).toEqual([
      expect.objectContaining({ subject: '/v2', result: 'failure', reason: 'unauthorised' }),
    ])
  })

  it('loses it with the token, and for good when the distribution is deleted', async () => {
    await using registry = await startRegistry()
    const { server, distributionId: distribution_id } = registry
    const revoke = { distribution_id, revoke_token: true }
    expect((await server.call('distributions/update', revoke)).status).toBe(200)
    expect(await statusFor(registry, registry.credentials)).toBe(401)
    const renewed = await credentialsOf(server, distribution_id)
    expect(await statusFor(registry, renewed)).toBe(200)
    expect((await server.call('distributions/delete', { distribution_id })).status).toBe(200)
    expect(await statusFor(registry, renewed)).toBe(401)
  })
})

describe('the image of a version', () => {
  it('is made ahead, when its release is there', async () => {
    await using server = await startAssembledServer()
    await server.publish(VERSION)
    const { needs } = server.assembled
    await preparingReleases(needs).perform()
    const made = await loadImage(needs.database.read, VERSION)
    expect((await imageFor(needs, VERSION)).digest).toBe(`sha256:${made?.digest}`)
  })

  it('stands on layers that are kept again after the next start, when they were lost', async () => {
    await using registry = await startRegistry()
    const { artifacts, assembled } = registry.server
    const { digest } = (await assembled.needs.imageBases()).x64
    await artifacts.remove(digest, async () => false)
    expect(await artifacts.has(digest)).toBe(false)
    await preparingReleases(assembled.needs).perform()
    expect(await artifacts.has(digest)).toBe(true)
  })

  it('is made once, whoever asks at the same time, and found afterwards', async () => {
    await using registry = await startRegistry()
    const { server, image } = registry
    await server.publish('1.2.3.5')
    const version = '1.2.3.5' as AgentVersion
    const both = [
      imageFor(server.assembled.needs, version),
      imageFor(server.assembled.needs, version),
    ]
    expect(new Set((await Promise.all(both)).map(({ digest }) => digest)).size).toBe(1)
    const unread = {
      ...server.assembled.needs,
      writerNeeds: {
        derive: () => Promise.reject(new Error('nothing is made again')),
        digestOf: () => Promise.reject(new Error('nothing is read again')),
      },
    }
    expect(await imageFor(unread, VERSION)).toEqual(image)
    const host = new URL(server.url).host
    expect(image).toEqual({
      repository: 'drydock/agent',
      tag: VERSION,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      reference: `${host}/drydock/agent@${image.digest}`,
    })
  })

  it('grows by a processor under its tag, and stays what it was under its digest', async () => {
    await using registry = await startRegistry()
    const { server, image } = registry
    await server.publish(VERSION, { arch: 'arm64' })
    const both = await imageFor(server.assembled.needs, VERSION)
    expect(both.digest).not.toBe(image.digest)
    const tagged = await registry.ask(`manifests/${VERSION}`)
    expect(tagged.headers.get('docker-content-digest')).toBe(both.digest)
    const { manifests } = (await tagged.json()) as { manifests: { platform: object }[] }
    expect(manifests.map(({ platform }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ])
    const before = (await registry.json(`manifests/${image.digest}`)) as { manifests: object[] }
    expect(before.manifests).toHaveLength(1)
  })

  it('is none of what runs elsewhere', async () => {
    await using registry = await startRegistry()
    const { server } = registry
    const version = '2.0.0.1' as AgentVersion
    await server.publish(version, { libc: 'musl' })
    const { needs } = server.assembled
    await expect(imageFor(needs, version)).rejects.toThrow(/image-impossible/)
    await expect(imageFor(needs, '9.9.9.9' as AgentVersion)).rejects.toThrow(/image-impossible/)
  })

  it('stays under its tag when the version is withdrawn', async () => {
    await using registry = await startRegistry()
    const { server, image } = registry
    const withdrawn = await server.call('releases/withdraw', {
      version: VERSION,
      platform: 'linux',
    })
    expect(withdrawn.status).toBe(200)
    const tagged = await registry.ask(`manifests/${VERSION}`, { method: 'HEAD' })
    expect(tagged.headers.get('docker-content-digest')).toBe(image.digest)
    await expect(imageFor(server.assembled.needs, VERSION)).rejects.toThrow(/image-impossible/)
  })

  it('is listed by its tag, in pages', async () => {
    await using registry = await startRegistry()
    const { needs } = registry.server.assembled
    for (const version of ['10.0.0.1', '2.0.0.1']) {
      await registry.server.publish(version)
      await imageFor(needs, version as AgentVersion)
    }
    const name = 'drydock/agent'
    const tags = [VERSION, '10.0.0.1', '2.0.0.1'].sort()
    expect(await registry.json('tags/list')).toEqual({ name, tags })
    expect(await registry.json('tags/list?n=0')).toEqual({ name, tags: [] })
    const first = await registry.ask('tags/list?n=2')
    expect(await first.json()).toEqual({ name, tags: tags.slice(0, 2) })
    const [, path] = /^<\/v2\/drydock\/agent\/(.+)>; rel="next"$/.exec(linkOf(first)) ?? []
    const second = await registry.ask(path ?? 'no link')
    expect(await second.json()).toEqual({ name, tags: tags.slice(2) })
    expect(linkOf(second)).toBe('')
  })
})

function linkOf(answer: Response): string {
  return answer.headers.get('link') ?? ''
}

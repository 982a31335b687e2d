import * as ownDisk from 'node:fs'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { utf8 } from '../../base/bytes.ts'
import { systemClock } from '../../base/clock.ts'
import { ManualClock } from '../../base/clock-manual.ts'
import { digestOf } from '../../base/digest.ts'
import { silentLog } from '../../base/log.ts'
import { systemRandom } from '../../base/random.ts'
import type { ManifestFile } from '../../contract/manifest.ts'
import { newSigningKey } from '../../trust/keys.ts'
import { type Layout, layoutOf, versionFolder } from '../layout.ts'
import { useDisk } from '../machine/files.ts'
import { trustedKeysOf } from '../manifest.ts'
import { LINK_LIMITS, ServerLink } from '../server-link.ts'
import { FakeServer } from '../testing/fake-server.ts'
import { makeRelease, trustedKeys as namedKeys } from '../testing/release.ts'
import { verifyVersion } from '../version-directory.ts'
import { clean } from './clean.ts'
import { DamagedDownload } from './damaged-download.ts'
import { heldManifest, missingFiles, partialArtifact } from './observe.ts'
import { downloadArtifact } from './step-download.ts'
import { fetchManifest } from './step-manifest.ts'
import { stageVersion } from './step-stage.ts'
import { verifyArtifact } from './step-verify.ts'

const authorization = `Bearer ${'0'.repeat(32)}.${'0'.repeat(64)}`
const trustedKeys = trustedKeysOf({
  schema: 1,
  server_url: 'http://127.0.0.1',
  distribution_id: 'd'.repeat(32),
  token: 't',
  proxy: [],
  endpoint_tags: [],
  trusted_keys: namedKeys,
})
const content = systemRandom.bytes(100_000)
const release = makeRelease({
  version: '2.0.0.0',
  agent: content,
  payload: { run: ['bin/run'] },
  payloadFiles: { 'bin/run': '#!/bin/sh\n' },
})
const [file, program] = release.manifest.files
if (file === undefined || program === undefined) throw new Error('a release has files')
const read = ({ envelope }: typeof release): object => JSON.parse(Buffer.from(envelope).toString())
const bytesOf = (of: ManifestFile) => release.artifacts.get(of.gzip_digest) ?? new Uint8Array()

const { signal } = new AbortController()

let root = ''
let layout: Layout
let server: FakeServer
let link: ServerLink
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'drydock-steps-'))
  layout = layoutOf(root, join(root, 'opt'))
  mkdirSync(layout.state, { recursive: true })
  server = await FakeServer.start()
  server.publish(release)
  link = new ServerLink({
    serverUrl: server.url,
    proxies: [],
    fetch,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    limits: LINK_LIMITS,
  })
})
afterEach(async () => {
  useDisk(ownDisk)
  await server.close()
  rmSync(root, { recursive: true, force: true })
})

function download(of: ManifestFile, changes: { rateMax?: number; signal?: AbortSignal } = {}) {
  const signal = changes.signal ?? new AbortController().signal
  const rateMax = () => changes.rateMax ?? null
  const needs = { layout, link, authorization, clock: systemClock, signal, rateMax, onBytes() {} }
  return downloadArtifact(needs, of)
}

function putPartial(of: ManifestFile, bytes: Uint8Array): string {
  const path = partialArtifact(layout, of.gzip_digest)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  return path
}

const askedRanges = () =>
  server.seen.flatMap((seen) => (seen.kind === 'download' ? [seen.range] : []))

describe('download', () => {
  it('fetches a whole artifact', async () => {
    await download(file)
    const path = partialArtifact(layout, file.gzip_digest)
    expect(readFileSync(path).equals(bytesOf(file))).toBe(true)
  })

  it('takes up where a cut left off', async () => {
    server.cut = () => 1_000
    await expect(download(file)).rejects.toMatchObject({ retry: 'later' })
    server.cut = () => null
    await download(file)
    expect(askedRanges()).toEqual([null, 'bytes=1000-'])
    expect(readFileSync(partialArtifact(layout, file.gzip_digest)).equals(bytesOf(file))).toBe(true)
  })

  it('asks for nothing when all of it is here', async () => {
    putPartial(file, bytesOf(file))
    await download(file)
    expect(askedRanges()).toEqual([])
  })

  it('begins anew when there is more than there can be', async () => {
    putPartial(file, systemRandom.bytes(file.gzip_size + 1))
    await download(file)
    expect(askedRanges()).toEqual([null])
  })

  it('stops at the signed size, whatever the server sends', async () => {
    server.tamper = (bytes) => new Uint8Array([...bytes, ...bytes])
    await expect(download(file)).rejects.toMatchObject({ code: 'download-failed' })
    expect(readdirSync(layout.partial)).toEqual([])
  })

  it.each([
    [404, 'never'],
    [410, 'never'],
    [401, 'later'],
    [500, 'later'],
    [302, 'later'],
  ])('status %i is a fault to be retried %s', async (status, retry) => {
    server.instead = () => ({ status, headers: { location: '/elsewhere' }, body: {} })
    await expect(download(file)).rejects.toMatchObject({ retry })
  })

  it('is as fast as the server says at present', async () => {
    const clock = new ManualClock(0)
    const pieces = [0, 1, 2, 3].map((at) => bytesOf(file).slice(at * 1_000, at * 1_000 + 1_000))
    const fed = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece)
        controller.close()
      },
    })
    let rate: number | null = 100
    let here = 0
    const needs = {
      ...{ layout, authorization, clock, signal },
      link: new ServerLink({
        ...{ serverUrl: server.url, proxies: [], clock, random: systemRandom, log: silentLog },
        ...{ limits: LINK_LIMITS, fetch: () => Promise.resolve(new Response(fed)) },
      }),
      rateMax: () => rate,
      onBytes: (count: number) => {
        here += count
      },
    }
    const ended = downloadArtifact(needs, { ...file, gzip_size: 4_000 })
    const hereAfter = async (ms: number) => {
      clock.advance(ms)
      for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done))
      return here
    }
    expect(await hereAfter(0)).toBe(1_000)
    expect(await hereAfter(9_999)).toBe(1_000)
    rate = 500
    expect(await hereAfter(1)).toBe(2_000)
    expect(await hereAfter(1_999)).toBe(2_000)
    rate = null
    expect(await hereAfter(1)).toBe(4_000)
    await ended
  })

  it('a cancelled download stops', async () => {
    const abort = new AbortController()
    abort.abort()
    await expect(download(file, { signal: abort.signal })).rejects.toMatchObject({
      code: 'cancelled',
    })
  })
})

describe('verify', () => {
  it('a disk that cannot be read says nothing against the content', async () => {
    putPartial(file, bytesOf(file))
    const eio = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
    let reads = 0
    useDisk({
      ...ownDisk,
      createReadStream: (path) => {
        reads += 1
        const stream = ownDisk.createReadStream(path)
        return reads === 1 ? stream : stream.destroy(eio)
      },
    })
    await expect(verifyArtifact(layout, file)).rejects.toBe(eio)
    useDisk(ownDisk)
    await verifyArtifact(layout, file)
    expect(readdirSync(layout.store)).toEqual([file.digest])
  })

  it('gives verified bytes their name, and only those', async () => {
    putPartial(file, bytesOf(file))
    await verifyArtifact(layout, file)
    expect(digestOf(readFileSync(join(layout.store, file.digest)))).toBe(file.digest)
    expect(readdirSync(layout.partial)).toEqual([])
    expect(statSync(join(layout.store, file.digest)).mode & 0o777).toBe(0o400)
  })

  it('a leftover of a crash in the middle does not matter', async () => {
    putPartial(file, bytesOf(file))
    mkdirSync(layout.store)
    writeFileSync(join(layout.store, `${file.digest}.new`), 'half')
    await verifyArtifact(layout, file)
    expect(readdirSync(layout.store)).toEqual([file.digest])
  })

  const evil = utf8('evil')
  const bomb = gzipSync(Buffer.alloc(50_000_000))
  const lies = (bytes: Uint8Array, size = file.size): [ManifestFile, Uint8Array] => [
    { ...file, size, gzip_digest: digestOf(bytes), gzip_size: bytes.length },
    bytes,
  ]
  it.each<[string, [ManifestFile, Uint8Array], string]>([
    [
      'flips a bit',
      [file, bytesOf(file).map((byte, at) => (at === 50 ? byte ^ 1 : byte))],
      'digest-mismatch',
    ],
    [
      'sends other bytes of the same length',
      [file, new Uint8Array(file.gzip_size)],
      'digest-mismatch',
    ],
    ['signs what is no gzip', lies(evil), 'content-mismatch'],
    ['signs other content', lies(gzipSync(evil), evil.length), 'content-mismatch'],
    ['signs a bomb', lies(bomb), 'content-mismatch'],
    ['signs a gzip that is cut', lies(bytesOf(file).slice(0, -20)), 'content-mismatch'],
  ])('refuses an attacker who %s', async (_, [named, bytes], code) => {
    putPartial(named, bytes)
    await expect(verifyArtifact(layout, named)).rejects.toMatchObject({ code })
    const stored = readdirSync(root, { recursive: true }).filter((name) =>
      `${name}`.includes('store/'),
    )
    expect(stored).toEqual([])
  })
})

describe('manifest', () => {
  const needs = () => ({ layout, link, authorization, trustedKeys, signal })
  const unsafe = (path: string) =>
    makeRelease({
      version: '2.0.0.0',
      agent: content,
      change: (manifest) => ({ ...manifest, files: [...manifest.files, { ...file, path }] }),
    })
  it.each<[string, typeof release, string]>([
    ['climbs out of the folder', unsafe('payload/../../../etc/cron.d/x'), 'malformed-manifest'],
    ['names an absolute path', unsafe('/etc/passwd'), 'malformed-manifest'],
    ['replaces the manifest', unsafe('manifest.json'), 'unsafe-path'],
    ['writes beside the payload', unsafe('other/x'), 'unsafe-path'],
    ['names a file twice', unsafe('agent.mjs'), 'unsafe-path'],
    ['puts a file into a file', unsafe('agent.mjs/x'), 'unsafe-path'],
    [
      'runs what is not there',
      makeRelease({ version: '2.0.0.0', agent: content, payload: { run: ['bin/none'] } }),
      'malformed-manifest',
    ],
    [
      'runs a program outside the payload',
      makeRelease({ version: '2.0.0.0', agent: content, payload: { run: ['../agent.mjs'] } }),
      'malformed-manifest',
    ],
    [
      'has no agent',
      makeRelease({
        version: '2.0.0.0',
        agent: content,
        change: (m) => ({ ...m, files: [{ ...file, path: 'payload/x' }] }),
      }),
      'malformed-manifest',
    ],
    [
      'invents a field',
      makeRelease({
        version: '2.0.0.0',
        agent: content,
        change: (m) => ({ ...m, post_install: 'rm' }),
      }),
      'malformed-manifest',
    ],
  ])('refuses an attacker who %s', async (_, bad, reason) => {
    server.publish(bad)
    const fetched = await fetchManifest(needs(), bad.digest)
    expect(fetched).toMatchObject({ ok: false, refusal: { reason } })
    expect(heldManifest(layout, bad.digest, trustedKeys)).toBeNull()
  })

  const foreign = makeRelease({
    version: '2.0.0.0',
    agent: content,
    key: newSigningKey(systemRandom),
  })
  const flipped = { ...JSON.parse(Buffer.from(release.envelope).toString()), payload: 'e30=' }
  it.each<[string, object, string]>([
    ['a page of somebody else', { html: 'please log in' }, 'malformed-envelope'],
    ['changed bytes', flipped, 'bad-signature'],
    ['what a key of their own signed', read(foreign), 'unknown-key'],
    ['an old version for a new one', read(release), 'wrong-manifest'],
  ])('%s is damage, and can be fetched again', async (_, body, code) => {
    server.instead = () => ({ status: 200, body })
    const digest = code === 'wrong-manifest' ? 'f'.repeat(64) : release.digest
    const fetched = fetchManifest(needs(), digest)
    await expect(fetched).rejects.toBeInstanceOf(DamagedDownload)
    await expect(fetched).rejects.toMatchObject({ code, retry: 'later' })
    server.instead = () => null
    expect(await fetchManifest(needs(), release.digest)).toMatchObject({ ok: true })
  })
})

describe('stage', () => {
  async function prepare() {
    await fetchManifest({ layout, link, authorization, trustedKeys, signal }, release.digest)
    for (const each of release.manifest.files) {
      await download(each)
      await verifyArtifact(layout, each)
    }
    const held = heldManifest(layout, release.digest, trustedKeys)
    if (held === null) throw new Error('no manifest')
    return held
  }
  const verify = () =>
    verifyVersion(
      versionFolder(layout, release.digest),
      { digest: release.digest, depth: 'whole' },
      trustedKeys,
    )

  it('builds a whole version, again and again', async () => {
    const held = await prepare()
    expect(missingFiles(layout, held.verified)).toEqual([])
    mkdirSync(`${versionFolder(layout, release.digest)}.partial/junk`, { recursive: true })
    stageVersion(layout, held)
    stageVersion(layout, held)
    expect(await verify()).toMatchObject({ ok: true })
    expect(readdirSync(layout.versions)).toEqual([release.digest])
    expect(heldManifest(layout, release.digest, trustedKeys)?.isStaged).toBe(true)
  })

  it.each([
    ['a changed file', 'agent.mjs', (path: string) => writeFileSync(path, 'evil')],
    ['a missing file', 'payload/bin/run', (path: string) => rmSync(path)],
    ['a missing manifest', 'manifest.json', (path: string) => rmSync(path)],
  ])('%s is found', async (_, path, damage) => {
    stageVersion(layout, await prepare())
    const broken = join(versionFolder(layout, release.digest), path)
    const copy = readFileSync(broken)
    rmSync(broken)
    writeFileSync(broken, copy, { mode: 0o700 })
    damage(broken)
    expect(await verify()).toMatchObject({ ok: false })
  })

  it('clean keeps what is active and removes the rest', async () => {
    stageVersion(layout, await prepare())
    mkdirSync(join(layout.versions, 'e'.repeat(64)))
    writeFileSync(join(layout.store, 'f'.repeat(64)), 'old')
    putPartial(file, new Uint8Array(3))
    const active = { manifest_digest: release.digest, version: '2.0.0.0' }
    const slots = { kind: 'slots', protocol: 1, active, backup: null, kept: [] } as const
    const known = { ...slots, kept: [], probation: null, skip: [], outcome: null }
    expect(clean(layout, known, trustedKeys, null)).toHaveLength(3)
    expect(clean(layout, known, trustedKeys, null)).toEqual([])
    expect(readdirSync(layout.store).sort()).toEqual([file.digest, program.digest].sort())
    expect(await verify()).toMatchObject({ ok: true })
  })
})

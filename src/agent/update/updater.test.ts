import * as ownDisk from 'node:fs'
import { existsSync, readdirSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../base/random.ts'
import { useDisk } from '../machine/files.ts'
import type { Fetch } from '../server-link.ts'
import { ATTEMPT, AttemptedUpdate, SLOTS } from '../testing/attempted-update.ts'
import { makeRelease } from '../testing/release.ts'
import { attemptOf, attemptToContinue, loadJournal, saveJournal } from './journal.ts'
import { isStale, leftAfter } from './left.ts'

const release = makeRelease({ version: '2.0.0.0', agent: systemRandom.bytes(50_000) })
const other = makeRelease({ version: '3.0.0.0', agent: systemRandom.bytes(1_000) })
const [file] = release.manifest.files
if (file === undefined) throw new Error('a release has files')
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

afterEach(() => useDisk(ownDisk))

/** A server whose artifacts begin, and never end. */
class Stalling {
  readonly asked: { readonly path: string; readonly range: string | null; at: number }[] = []
  /** Bytes before it stands still; null: it sends all. */
  bytes: number | null = 1_000
  cancelled = 0
  now: () => number = () => 0

  readonly fetch: Fetch = (url, init) => {
    const { pathname } = new URL(url)
    if (!pathname.startsWith('/agent/v1/artifacts/')) return fetch(url, init)
    const headers = new Headers(init.headers)
    this.asked.push({ path: pathname, range: headers.get('range'), at: this.now() })
    if (this.bytes === null) return fetch(url, init)
    const piece = systemRandom.bytes(this.bytes)
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(piece),
      cancel: () => {
        this.cancelled += 1
      },
    })
    const from = Number(/^bytes=(\d+)-$/.exec(headers.get('range') ?? '')?.[1] ?? 0)
    const range = { 'content-range': `bytes ${from}-49999/*` }
    return Promise.resolve(new Response(body, { status: from === 0 ? 200 : 206, headers: range }))
  }
}

/** In the middle of its download, which stands still. */
async function stalled(server: Stalling, limits: { switch_within_s?: number } = {}) {
  const it = await AttemptedUpdate.start(release, server.fetch)
  server.now = () => it.clock.monotonic()
  it.updater.hearSlots(SLOTS)
  it.answer(it.offer({ start_within_s: 10, ...limits }))
  await it.until(() => (it.updater.report()?.bytes_done ?? 0) > 0)
  return it
}

/** The partial artifacts. */
function partsOf({ layout }: AttemptedUpdate): string[] {
  if (!existsSync(layout.partial)) return []
  return readdirSync(layout.partial).filter((name) => name.endsWith('.part'))
}

describe('an offer', () => {
  it('that could not be begun in its time is left, and not begun after it', async () => {
    const asked: number[] = []
    let now = () => 0
    await using it = await AttemptedUpdate.start(release, () => {
      asked.push(now())
      return Promise.reject(new Error('no way'))
    })
    now = () => it.clock.monotonic()
    it.updater.hearSlots(SLOTS)
    it.answer(it.offer())
    expect(it.phase).toBe('accepted')
    for (let second = 0; second < 300 && it.phase !== null; second += 1) {
      it.clock.advance(1_000)
      await it.settle()
    }
    expect(it.phase).toBeNull()
    expect(asked.length).toBeGreaterThan(1)
    expect(Math.max(...asked)).toBeLessThan(60_000)
    expect(loadJournal(it.layout.journal).attempt).toBeNull()
  })

  it.each([
    ['came too late', (it: AttemptedUpdate) => it.clock.advance(60_000)],
    ['came while the machine slept', (it: AttemptedUpdate) => it.clock.jumpTo(9_000_000)],
  ])('whose answer %s is not taken: its time counts from the request', async (_, pass) => {
    await using it = await AttemptedUpdate.start(release)
    it.updater.hearSlots(SLOTS)
    const sentAt = it.moment()
    pass(it)
    it.answer(it.offer(), { sentAt })
    await it.settle()
    expect([it.phase, it.news, it.server.seen]).toEqual([null, 0, []])
  })

  it('has as long as the newest word says', async () => {
    await using it = await AttemptedUpdate.start(release, () => Promise.reject(new Error('no')))
    it.updater.hearSlots(SLOTS)
    it.answer(it.offer())
    it.clock.advance(59_000)
    it.answer(it.offer())
    it.clock.advance(59_000)
    await it.settle()
    expect(it.phase).toBe('accepted')
    it.answer(it.offer({ start_within_s: 0 }))
    await it.until(() => it.phase === null)
  })

  it('is not gone on with after a restart, unless its download has begun', async () => {
    await using it = await AttemptedUpdate.start(release)
    const journal = { ...loadJournal(it.layout.journal), attempt: attemptOf(it.offer()) }
    saveJournal(it.layout.journal, journal)
    expect(attemptToContinue(loadJournal(it.layout.journal))).toBeNull()
    const attempt = { ...journal.attempt, phase: 'downloading' as const }
    saveJournal(it.layout.journal, { ...journal, attempt })
    expect(attemptToContinue(loadJournal(it.layout.journal))).toMatchObject({
      phase: 'downloading',
    })
  })

  it('of a newer agent, with fields of its own, is understood by the older one', async () => {
    await using it = await AttemptedUpdate.start(release)
    const attempt = { ...attemptOf(it.offer()), phase: 'staged' as const, mood: 'good' }
    saveJournal(it.layout.journal, { schema: 1, attempt, left: null })
    expect(loadJournal(it.layout.journal).attempt).toMatchObject({ phase: 'staged' })
  })
})

describe('a download whose time is limited', () => {
  it('stops when that is over, and the next attempt goes on where it stopped', async () => {
    const server = new Stalling()
    await using it = await stalled(server, { switch_within_s: 20 })
    it.clock.advance(19_999)
    await it.settle()
    expect(it.phase).toBe('downloading')
    it.clock.advance(1)
    await it.until(() => it.phase === 'failed')
    expect(it.updater.report()).toMatchObject({ reason: 'window-closed', bytes_done: 1_000 })
    expect(server.cancelled).toBe(1)
    it.updater.acknowledge(ATTEMPT)
    await it.restart()
    expect(partsOf(it)).toHaveLength(1)
    server.bytes = 500
    it.answer(it.offer({ attempt_id: 'b'.repeat(32) }))
    await it.until(() => server.asked.length === 2)
    expect(server.asked[1]?.range).toBe('bytes=1000-')
  })

  it('stops while the machine sleeps', async () => {
    const server = new Stalling()
    await using it = await stalled(server, { switch_within_s: 20 })
    it.clock.jumpTo(it.clock.now() + 20_000)
    it.clock.advance(10)
    it.answer({ kind: 'nothing' })
    await it.until(() => it.phase === 'failed')
    expect(it.updater.report()).toMatchObject({ reason: 'window-closed' })
  })

  it('has as long as the newest word says', async () => {
    await using it = await stalled(new Stalling(), { switch_within_s: 20 })
    it.clock.advance(15_000)
    it.answer(it.offer({ switch_within_s: 20 }))
    it.clock.advance(6_000)
    await it.settle()
    expect(it.phase).toBe('downloading')
    it.answer(it.offer({ switch_within_s: 0 }))
    await it.until(() => it.phase === 'failed')
    expect(it.updater.report()).toMatchObject({ reason: 'window-closed' })
  })

  it('goes on after a restart when the server has spoken, and not before', async () => {
    const server = new Stalling()
    await using it = await stalled(server, { switch_within_s: 20 })
    await it.restart()
    it.clock.advance(HOUR_MS)
    await it.settle()
    expect([it.phase, server.asked.length]).toEqual(['downloading', 1])
    it.answer(it.offer({ switch_within_s: 20 }))
    await it.until(() => server.asked.length === 2)
  })
})

describe('what is left of a version', () => {
  it('is kept after a cancel, which stops the download at once', async () => {
    const server = new Stalling()
    await using it = await stalled(server)
    it.answer({ kind: 'cancel', attempt_id: ATTEMPT })
    expect(it.updater.report()).toMatchObject({ reason: 'cancelled', bytes_done: 1_000 })
    await it.until(() => server.cancelled === 1)
    it.updater.acknowledge(ATTEMPT)
    await it.settle()
    expect(partsOf(it)).toHaveLength(1)
  })

  it('makes way for another version', async () => {
    const server = new Stalling()
    await using it = await stalled(server)
    it.server.publish(other)
    it.answer({ kind: 'cancel', attempt_id: ATTEMPT })
    await it.until(() => server.cancelled === 1)
    server.bytes = null
    const { version, digest: manifest_digest } = other
    it.answer(it.offer({ attempt_id: 'b'.repeat(32), version, manifest_digest }))
    await it.until(() => server.asked.length === 2)
    expect(partsOf(it).some((name) => name.startsWith(file.gzip_digest))).toBe(false)
  })

  it('goes after eight days', async () => {
    const server = new Stalling()
    await using it = await stalled(server)
    it.answer({ kind: 'cancel', attempt_id: ATTEMPT })
    it.updater.acknowledge(ATTEMPT)
    await it.until(() => server.cancelled === 1)
    for (let day = 0; day < 8; day += 1) {
      await it.settle()
      expect(partsOf(it)).toHaveLength(1)
      it.clock.advance(DAY_MS)
    }
    await it.until(() => partsOf(it).length === 0)
    expect(loadJournal(it.layout.journal).left).toBeNull()
  })

  it.each([
    ['window-closed', true],
    ['cancelled', true],
    ['download-failed', true],
    ['disk-full', false],
    ['content-mismatch', false],
    ['damaged', false],
  ])('after %s: %s', (reason, isKept) => {
    const digest = release.digest
    const attempt = { ...attemptOf({ ...OFFER, manifest_digest: digest }), bytes_total: 5 }
    const ended = { phase: 'failed', reason, message: null } as const
    const before = { manifest_digest: digest, at: 1 }
    const after = { manifest_digest: digest, at: 7 }
    expect(leftAfter(before, attempt, ended, 7)).toEqual(isKept ? after : null)
  })

  it('is stale by a clock that was put back, too', () => {
    const left = { manifest_digest: release.digest, at: 10 * DAY_MS }
    expect(isStale(left, 10 * DAY_MS)).toBe(false)
    expect(isStale(left, 18 * DAY_MS)).toBe(true)
    expect(isStale(left, 9 * DAY_MS)).toBe(true)
  })
})

const OFFER = {
  kind: 'upgrade',
  attempt_id: ATTEMPT,
  version: '2.0.0.0',
  manifest_digest: '',
  start_within_s: 60,
  probation_s: 60,
  download_rate_max: null,
  retry_skipped: false,
  may_switch: true,
  switch_within_s: null,
} as const

const full = () => {
  throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
}

describe('trouble ends an attempt by itself', () => {
  it('a server that stands still for an hour', async () => {
    const server = new Stalling()
    await using it = await stalled(server)
    server.bytes = 0
    for (let minute = 0; minute < 100 && it.phase === 'downloading'; minute += 1) {
      it.clock.advance(60_000)
      await it.settle()
    }
    expect(it.updater.report()).toMatchObject({ phase: 'failed', reason: 'download-failed' })
    expect(server.asked.length).toBeGreaterThan(5)
    expect(it.clock.monotonic()).toBeGreaterThanOrEqual(HOUR_MS)
  })

  it('but not a slow one, as long as there are more bytes every hour', async () => {
    const server = new Stalling()
    await using it = await stalled(server)
    server.bytes = 10
    for (let part = 0; part < 12; part += 1) {
      it.clock.advance(30 * 60_000)
      await it.settle()
    }
    expect(it.phase).toBe('downloading')
    expect(it.clock.monotonic()).toBeGreaterThan(5 * HOUR_MS)
  })

  it('a busy server is asked again when it says, and not before', async () => {
    await using it = await AttemptedUpdate.start(release)
    let refusals = 0
    it.server.instead = (path) => {
      if (!path.startsWith('/agent/v1/artifacts/')) return null
      refusals += 1
      return { status: 429, headers: { 'retry-after': '30' }, body: {} }
    }
    it.updater.hearSlots(SLOTS)
    it.answer(it.offer())
    await it.until(() => refusals === 1)
    await it.settle()
    it.clock.advance(29_999)
    await it.settle()
    expect(refusals).toBe(1)
    it.clock.advance(3_002)
    await it.until(() => refusals === 2)
  })

  it('a portal that answers for the server has three tries, as a bad line has', async () => {
    await using it = await AttemptedUpdate.start(release)
    let pages = 0
    let portal = Number.POSITIVE_INFINITY
    it.server.instead = (path) => {
      if (!path.startsWith('/agent/v1/manifests/') || pages >= portal) return null
      pages += 1
      return { status: 200, body: { html: 'please log in' } }
    }
    it.updater.hearSlots(SLOTS)
    it.answer(it.offer())
    for (const page of [1, 2]) {
      await it.until(() => pages === page)
      await it.settle()
      expect(it.phase).toBe('accepted')
      it.clock.advance(2_000)
    }
    await it.until(() => it.phase === 'failed')
    expect(it.updater.report()).toMatchObject({ reason: 'malformed-envelope' })
    expect(it.updater.report()?.message).toContain('something on the way changes bytes')
    portal = 5
    it.answer(it.offer({ attempt_id: 'b'.repeat(32) }))
    for (const page of [4, 5]) {
      await it.until(() => pages === page)
      await it.settle()
      it.clock.advance(2_000)
    }
    await it.until(() => it.phase === 'staged')
  })

  it.each([
    ['when the version is put together', { linkSync: full, copyFileSync: full }],
    ['when a download is written', { writeSync: full }],
    ['when there was no room to begin with', { statfsSync: () => ({ bavail: 1, bsize: 4096 }) }],
  ])('a full disk %s', async (_, faults) => {
    await using it = await AttemptedUpdate.start(release)
    it.updater.hearSlots(SLOTS)
    useDisk({ ...ownDisk, ...faults })
    it.answer(it.offer())
    await it.until(() => it.phase === 'failed')
    expect(it.updater.report()).toMatchObject({ reason: 'disk-full' })
    useDisk(ownDisk)
    it.updater.acknowledge(ATTEMPT)
    it.updater.hearSlots(SLOTS)
    await it.settle()
    await it.until(() => partsOf(it).length === 0)
    expect(it.phase).toBeNull()
  })
})

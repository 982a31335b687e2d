import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { silentLog } from '../../base/log.ts'
import { systemRandom } from '../../base/random.ts'
import type { SlotsMessage } from '../launcher/control.ts'
import { type Layout, layoutOf } from '../layout.ts'
import { LINK_LIMITS, ServerLink } from '../server-link.ts'
import { attemptOf, attemptToContinue, loadJournal, saveJournal } from './journal.ts'
import { Updater } from './updater.ts'

let root = ''
let layout: Layout
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'drydock-updater-'))
  layout = layoutOf(root, join(root, 'opt'))
  mkdirSync(layout.state, { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

const slots: SlotsMessage = {
  kind: 'slots',
  protocol: 1,
  active: { manifest_digest: '1'.repeat(64), version: '1.0.0.0' },
  backup: null,
  kept: [],
  probation: null,
  skip: [],
  outcome: null,
}
const instruction = {
  kind: 'upgrade',
  attempt_id: 'a'.repeat(32),
  version: '2.0.0.0',
  manifest_digest: '2'.repeat(64),
  start_within_s: 60,
  probation_s: 60,
  download_rate_max: null,
  retry_skipped: false,
  may_switch: null,
  switch_within_s: null,
} as const

describe('an offer', () => {
  it('that could not be begun in its time is left, and not begun after it', async () => {
    const clock = new ManualClock(0)
    const asked: number[] = []
    const fetch = () => {
      asked.push(clock.monotonic())
      return Promise.reject(new Error('no way'))
    }
    const needs = { serverUrl: 'http://server.test', proxies: [], fetch, clock }
    const link = new ServerLink({
      ...needs,
      random: systemRandom,
      log: silentLog,
      limits: LINK_LIMITS,
    })
    const fit = { platform: 'linux', arch: 'x64', libc: 'glibc', launcherProtocol: 1 } as const
    const updater = new Updater({
      ...{ layout, link, clock, random: systemRandom, log: silentLog, trustedKeys: [] },
      fit: { ...fit, version: '1.0.0.0' },
      authorization: () => '',
      tellLauncher() {},
      onNews() {},
    })
    updater.hearSlots(slots)
    const running = updater.run()
    updater.take(instruction)
    expect(updater.report()).toMatchObject({ phase: 'accepted' })
    for (let second = 0; second < 300 && updater.report() !== null; second += 1) {
      clock.advance(1_000)
      for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done))
    }
    expect(updater.report()).toBeNull()
    expect(asked.length).toBeGreaterThan(1)
    expect(Math.max(...asked)).toBeLessThan(60_000)
    expect(loadJournal(layout.journal).attempt).toBeNull()
    updater.stop()
    await running
  })

  it('is not gone on with after a restart, unless its download has begun', () => {
    const attempt = attemptOf(instruction)
    saveJournal(layout.journal, { schema: 1, attempt })
    expect(attemptToContinue(loadJournal(layout.journal))).toBeNull()
    saveJournal(layout.journal, { schema: 1, attempt: { ...attempt, phase: 'downloading' } })
    expect(attemptToContinue(loadJournal(layout.journal))).toMatchObject({ phase: 'downloading' })
  })

  it('of a newer agent, with fields of its own, is understood by the older one', () => {
    const attempt = { ...attemptOf(instruction), phase: 'staged' as const, mood: 'good' }
    saveJournal(layout.journal, { schema: 1, attempt })
    expect(loadJournal(layout.journal).attempt).toMatchObject({ phase: 'staged' })
  })
})

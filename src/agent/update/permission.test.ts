import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../base/random.ts'
import {
  type AttemptReport,
  type UpgradeInstruction,
  upgradeInstruction,
} from '../../contract/agent/check-in.ts'
import { ATTEMPT, AttemptedUpdate, SLOTS } from '../testing/attempted-update.ts'
import { makeRelease } from '../testing/release.ts'
import { loadJournal } from './journal.ts'
import type { Answer } from './word.ts'

const release = makeRelease({ version: '2.0.0.0', agent: systemRandom.bytes(1_000) })
const busy = { ...SLOTS, probation: { attempt_id: null } }
const staged: AttemptReport = {
  attempt_id: ATTEMPT,
  phase: 'staged',
  percent: 100,
  bytes_done: 0,
  bytes_total: 0,
  reason: null,
  message: null,
}

const yes = { may_switch: true }
const permissions: [
  what: string,
  instruction: Partial<UpgradeInstruction>,
  answer: (so: AttemptedUpdate) => Partial<Answer>,
  switches: number,
][] = [
  ['allowed', yes, () => ({}), 1],
  ['told to wait', { may_switch: false }, () => ({}), 0],
  ['allowed when it told that it downloads', yes, () => report({ phase: 'downloading' }), 0],
  ['allowed when it told nothing', yes, () => ({ reported: null }), 0],
  ['allowed when it told another', yes, () => report({ attempt_id: 'b'.repeat(32) }), 0],
  ['allowed without end, by an answer a day old', yes, (so) => sentAgo(so, 86_400), 1],
  ['allowed just in time', { ...yes, switch_within_s: 31 }, (so) => sentAgo(so, 30), 1],
  ['allowed, and the answer took too long', until(30), (so) => sentAgo(so, 30), 0],
  ['allowed for no time at all', until(0), () => ({}), 0],
]

function report(changes: Partial<AttemptReport>): Partial<Answer> {
  return { reported: { ...staged, ...changes } }
}

function until(seconds: number): Partial<UpgradeInstruction> {
  return { ...yes, switch_within_s: seconds }
}

function sentAgo({ clock }: AttemptedUpdate, seconds: number): Partial<Answer> {
  const ms = seconds * 1000
  return { sentAt: { monotonic: clock.monotonic() - ms, wall: clock.now() - ms } }
}

describe('permission to switch', () => {
  it('is nothing that an older server speaks of', async () => {
    await using it = await AttemptedUpdate.start(release)
    const { may_switch: _, switch_within_s: __, ...old } = it.offer()
    expect(upgradeInstruction.parse(old)).toMatchObject({ may_switch: null, switch_within_s: null })
  })

  it.each(permissions)('%s', async (_, instruction, answer, switches) => {
    await using it = await AttemptedUpdate.start(release)
    await it.untilStaged(yes)
    await it.settle()
    expect(it.switches).toBe(0)
    it.answer(it.offer(instruction), answer(it))
    await it.settle()
    expect(it.switches).toBe(switches)
    expect(it.phase).toBe(switches === 1 ? 'switching' : 'staged')
  })

  it('is asked for at once, and as long as it takes; what waits for it can be cancelled', async () => {
    await using it = await AttemptedUpdate.start(release)
    await it.untilStaged()
    expect(it.news).toBeGreaterThan(0)
    for (let hour = 0; hour < 48; hour += 1) {
      it.clock.advance(3_600_000)
      it.answer(it.offer())
      await it.settle()
    }
    expect([it.phase, it.switches]).toEqual(['staged', 0])
    it.answer({ kind: 'cancel', attempt_id: ATTEMPT })
    expect(it.updater.report()).toMatchObject({ phase: 'failed', reason: 'cancelled' })
  })

  it('is taken back by the next answer, as long as it could not be used', async () => {
    await using it = await AttemptedUpdate.start(release)
    await it.untilStaged()
    it.updater.hearSlots(busy)
    it.answer(it.offer(yes))
    await it.settle()
    it.answer({ kind: 'nothing' })
    it.updater.hearSlots(SLOTS)
    await it.settle()
    expect([it.phase, it.switches]).toEqual(['staged', 0])
  })

  it.each([
    ['by every clock', (it: AttemptedUpdate) => it.clock.advance(30_000)],
    ['while the machine slept', (it: AttemptedUpdate) => it.clock.jumpTo(it.clock.now() + 30_000)],
  ])('that ran out before it could be used is asked for again: %s', async (_, pass) => {
    await using it = await AttemptedUpdate.start(release)
    await it.untilStaged()
    it.updater.hearSlots(busy)
    it.answer(it.offer(until(30)))
    await it.settle()
    pass(it)
    it.updater.hearSlots(SLOTS)
    await it.settle()
    expect([it.phase, it.switches]).toEqual(['staged', 0])
    it.answer(it.offer(until(30)))
    await it.settle()
    expect([it.phase, it.switches]).toEqual(['switching', 1])
  })

  it('is not longer because the clock was put back', async () => {
    await using it = await AttemptedUpdate.start(release)
    await it.untilStaged()
    const sentAt = it.moment()
    it.clock.advance(30_000)
    it.clock.jumpTo(0)
    it.answer(it.offer(until(30)), { sentAt })
    await it.settle()
    expect(it.switches).toBe(0)
  })

  it('dies with the process: before the switch, and right behind it', async () => {
    await using it = await AttemptedUpdate.start(release)
    await it.untilStaged()
    it.updater.hearSlots(busy)
    it.answer(it.offer(yes))
    await it.settle()
    await it.restart()
    expect([it.phase, it.switches]).toEqual(['staged', 0])
    it.answer(it.offer(yes))
    await it.settle()
    expect(loadJournal(it.layout.journal).attempt).toMatchObject({ phase: 'switching' })
    await it.restart()
    expect([it.phase, it.switches]).toEqual(['staged', 0])
    it.answer(it.offer(yes))
    await it.settle()
    expect(it.switches).toBe(1)
  })

  it('is for one request: a launcher that could not take it is not asked again by itself', async () => {
    await using it = await AttemptedUpdate.start(release)
    await it.untilStaged()
    it.answer(it.offer(yes))
    await it.settle()
    it.updater.hearSlots(busy)
    const refusal = { reason: 'on-probation', message: 'a version is on probation' }
    it.updater.hearSwitchRefused({ attempt_id: ATTEMPT, ...refusal })
    it.updater.hearSlots(SLOTS)
    await it.settle()
    expect([it.phase, it.switches]).toEqual(['staged', 1])
    it.answer(it.offer(yes))
    await it.settle()
    expect([it.phase, it.switches]).toEqual(['switching', 2])
  })

  it('is not waited for where the server knows of none; a restart does not change that', async () => {
    await using it = await AttemptedUpdate.start(release)
    it.updater.hearSlots(SLOTS)
    it.answer(it.offer({ may_switch: null }))
    await it.until(() => it.switches === 1)
    it.answer({ kind: 'nothing' })
    await it.restart()
    expect([it.phase, it.switches]).toEqual(['switching', 1])
  })

  it('is waited for as soon as a newer server says that it gives some', async () => {
    await using it = await AttemptedUpdate.start(release)
    await it.untilStaged()
    it.updater.hearSlots(busy)
    it.answer(it.offer({ may_switch: null }))
    it.answer(it.offer({ may_switch: false }))
    await it.restart()
    expect([it.phase, it.switches]).toEqual(['staged', 0])
  })

  it('is of no use to a launcher that does not answer: the attempt ends', async () => {
    await using it = await AttemptedUpdate.start(release)
    await it.untilStaged()
    it.answer(it.offer(yes))
    await it.until(() => it.switches === 1)
    it.clock.advance(15 * 60_000 - 1)
    await it.settle()
    expect(it.phase).toBe('switching')
    it.clock.advance(1)
    await it.until(() => it.phase === 'failed')
    expect(it.updater.report()).toMatchObject({ reason: 'launcher-silent' })
  })
})

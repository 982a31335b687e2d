import { describe, expect, it } from 'vitest'
import type { Slot } from './control.ts'
import { type Child, type Facts, nextMove } from './next-move.ts'
import { committed, NO_SLOTS, rolledBack, type Slots, switched } from './slots.ts'

const slot = (letter: string, version: string): Slot => ({
  manifest_digest: letter.repeat(64),
  version,
})
const one = slot('1', '1.0.0.0')
const two = slot('2', '2.0.0.0')
const three = slot('3', '3.0.0.0')

const settled: Slots = { ...NO_SLOTS, active: two, backup: one, seed: one.manifest_digest }
const trying = switched(settled, three, { attemptId: 'a'.repeat(32), probationS: 60 })
const tryingWith = (probation: Partial<NonNullable<Slots['probation']>>): Slots => {
  if (trying.probation === null) throw new Error('no probation')
  return { ...trying, probation: { ...trying.probation, ...probation } }
}

const NOW = 1_000_000
const child = (of: Slot, changes: Partial<Child> = {}): Child => ({
  manifestDigest: of.manifest_digest,
  startedAt: NOW - 1_000,
  saidHello: true,
  lastHeardAt: NOW - 500,
  broken: false,
  ...changes,
})
const calm: Facts = {
  now: NOW,
  seed: null,
  followsImage: false,
  damaged: [],
  child: null,
  startNotBefore: 0,
  probationSince: NOW - 1_000,
  verdict: null,
  stopping: false,
}
const bad = { reason: 'payload-unhealthy', message: 'no' }
const skipThree = { ...three, ...bad }

const rows: [rule: string, slots: Slots, facts: Partial<Facts>, move: object][] = [
  ['nothing installed and no seed: wait', NO_SLOTS, {}, { kind: 'wait' }],
  ['first install: take the seed', NO_SLOTS, { seed: one }, { kind: 'adopt-seed', how: 'first' }],
  [
    'a seed that found no room is not tried again at once',
    NO_SLOTS,
    { seed: one, startNotBefore: NOW + 5_000 },
    { kind: 'wait', until: NOW + 5_000 },
  ],
  [
    'the slots were torn: begin from the seed again',
    NO_SLOTS,
    { seed: two },
    { kind: 'adopt-seed', how: 'first' },
  ],

  [
    'in a pod an older seed is followed: its image was taken back',
    { ...settled, seed: three.manifest_digest },
    { seed: one, followsImage: true },
    { kind: 'adopt-seed', how: 'follow' },
  ],
  [
    'in a pod one that failed is followed, too: somebody set its image again',
    { ...settled, skip: [skipThree] },
    { seed: three, followsImage: true },
    { kind: 'adopt-seed', how: 'follow' },
  ],
  [
    'in a pod also in the middle of a probation, when the agent has stopped',
    trying,
    { seed: two, followsImage: true, child: child(three) },
    { kind: 'stop-child' },
  ],
  [
    'in a pod the one that runs is only noted',
    { ...settled, seed: null },
    { seed: two, followsImage: true },
    { kind: 'adopt-seed', how: 'note' },
  ],
  [
    'in a pod a seed that was dealt with is not tried again',
    settled,
    { seed: one, followsImage: true },
    { kind: 'start', slot: two },
  ],

  ['a seed that is known is left alone', settled, { seed: one }, { kind: 'start', slot: two }],
  ['a newer seed is switched to', settled, { seed: three }, { kind: 'adopt-seed', how: 'switch' }],
  [
    'a newer seed waits until the agent has stopped',
    settled,
    { seed: three, child: child(two) },
    { kind: 'stop-child' },
  ],
  [
    'an equal seed is only noted',
    { ...settled, seed: null },
    { seed: two },
    { kind: 'adopt-seed', how: 'note' },
  ],
  [
    'an older seed is only noted',
    { ...settled, seed: null },
    { seed: one },
    { kind: 'adopt-seed', how: 'note' },
  ],
  [
    'a newer seed that failed here is only noted',
    { ...settled, skip: [skipThree] },
    { seed: three },
    { kind: 'adopt-seed', how: 'note' },
  ],
  [
    'a newer seed does not disturb a probation',
    trying,
    { seed: slot('4', '4.0.0.0') },
    { kind: 'start', slot: three },
  ],

  ['nothing runs: start the active version', settled, {}, { kind: 'start', slot: two }],
  [
    'back-off: not before its time',
    settled,
    { startNotBefore: NOW + 7 },
    { kind: 'wait', until: NOW + 7 },
  ],
  [
    'it runs: wait for the watchdog',
    settled,
    { child: child(two) },
    { kind: 'wait', until: NOW - 500 + 60_000 },
  ],
  [
    'no hello yet: wait for it',
    settled,
    { child: child(two, { saidHello: false }) },
    { kind: 'wait', until: NOW - 1_000 + 30_000 },
  ],
  [
    'no hello in time: kill it',
    settled,
    { child: child(two, { saidHello: false, startedAt: NOW - 30_000 }) },
    { kind: 'stop-child' },
  ],
  [
    'not a word for a minute: kill it',
    settled,
    { child: child(two, { lastHeardAt: NOW - 60_000 }) },
    { kind: 'stop-child' },
  ],
  [
    'a broken control line: kill it',
    settled,
    { child: child(two, { broken: true }) },
    { kind: 'stop-child' },
  ],
  [
    'a verdict outside probation changes nothing',
    settled,
    { child: child(two), verdict: bad },
    { kind: 'wait' },
  ],
  [
    'another version runs than the slots say: stop it',
    settled,
    { child: child(three) },
    { kind: 'stop-child' },
  ],

  [
    'the switch is written and the old one runs: stop it',
    trying,
    { child: child(two) },
    { kind: 'stop-child' },
  ],
  [
    'the switch is written and the launcher was killed: start the new one',
    trying,
    {},
    { kind: 'start', slot: three },
  ],
  [
    'an old verdict does not commit the new version',
    trying,
    { child: child(two), verdict: 'healthy' },
    { kind: 'stop-child' },
  ],
  ['healthy: commit', trying, { child: child(three), verdict: 'healthy' }, { kind: 'commit' }],
  [
    'unhealthy: go back at once',
    trying,
    { child: child(three), verdict: bad },
    { kind: 'roll-back', ...bad },
  ],
  [
    'no hello within 5 s: go back',
    trying,
    { child: child(three, { saidHello: false, startedAt: NOW - 5_000 }) },
    { kind: 'roll-back', reason: 'silent' },
  ],
  [
    'hello was in time: wait no longer than the probation',
    tryingWith({ probation_s: 2 }),
    { child: child(three) },
    { kind: 'wait', until: NOW + 1_000 },
  ],
  ['two ends: try once more', tryingWith({ exits: 2 }), {}, { kind: 'start', slot: three }],
  [
    'three ends without hello: go back',
    tryingWith({ exits: 3 }),
    {},
    { kind: 'roll-back', reason: 'does-not-start' },
  ],
  [
    'three ends after hello: go back',
    tryingWith({ exits: 3, said_hello: true }),
    {},
    { kind: 'roll-back', reason: 'exited' },
  ],
  [
    'power cuts do not make probation endless',
    tryingWith({ starts: 6 }),
    {},
    { kind: 'roll-back', reason: 'exited' },
  ],
  [
    'the sixth start may still prove itself',
    tryingWith({ starts: 6 }),
    { child: child(three) },
    { kind: 'wait' },
  ],
  [
    'never healthy in its time: go back',
    trying,
    { child: child(three), probationSince: NOW - 60_000 },
    { kind: 'roll-back', reason: 'never-checked-in' },
  ],
  [
    'healthy at the very end is healthy',
    trying,
    { child: child(three), verdict: 'healthy', probationSince: NOW - 60_000 },
    { kind: 'commit' },
  ],
  [
    'damaged on probation: go back',
    trying,
    { damaged: [three.manifest_digest] },
    { kind: 'roll-back', reason: 'damaged' },
  ],
  [
    'on probation with nothing to go back to: keep it',
    { ...trying, backup: null },
    {},
    { kind: 'commit' },
  ],

  [
    'the roll-back is written and the bad one runs: stop it',
    rolledBack(trying, bad),
    { child: child(three) },
    { kind: 'stop-child' },
  ],
  [
    'the roll-back is written: start the old one',
    rolledBack(trying, bad),
    {},
    { kind: 'start', slot: two },
  ],
  [
    'the commit is written: it runs on',
    committed(trying),
    { child: child(three) },
    { kind: 'wait' },
  ],

  [
    'damaged: run the backup',
    settled,
    { damaged: [two.manifest_digest] },
    { kind: 'replace-damaged', to: one, from: 'backup' },
  ],
  [
    'both damaged: run the seed, though it be a damaged one of them, because taking it mends it',
    settled,
    { damaged: [one, two].map((each) => each.manifest_digest), seed: one },
    { kind: 'replace-damaged', to: one, from: 'seed' },
  ],
  [
    'damaged and no backup: run the seed',
    { ...settled, backup: null, seed: three.manifest_digest },
    { damaged: [two.manifest_digest], seed: three },
    { kind: 'replace-damaged', from: 'seed' },
  ],
  [
    'nothing whole: run nothing',
    { ...settled, backup: null },
    { damaged: [two.manifest_digest] },
    { kind: 'wait', until: Number.POSITIVE_INFINITY },
  ],

  [
    'told to stop: stop the agent',
    settled,
    { stopping: true, child: child(two) },
    { kind: 'stop-child' },
  ],
  ['told to stop and it has: exit', settled, { stopping: true }, { kind: 'exit' }],
  [
    'told to stop in a probation: no roll-back',
    tryingWith({ exits: 3 }),
    { stopping: true },
    { kind: 'exit' },
  ],
]

describe('nextMove', () => {
  it.each(rows)('%s', (_, slots, facts, move) => {
    expect(nextMove(slots, { ...calm, ...facts })).toMatchObject(move)
  })

  it('a roll-back gives the backup of before its place again', () => {
    expect(rolledBack(trying, bad)).toMatchObject({ active: two, backup: one, skip: [skipThree] })
  })

  it('the skip list forgets the oldest and never grows beyond its limit', () => {
    const many = Array.from({ length: 20 }, (_, n) => ({ ...slot('f', `1.0.0.${n}`), ...bad }))
    const skip = many.map((each, n) => ({ ...each, manifest_digest: String(n).padStart(64, '0') }))
    const after = rolledBack({ ...trying, skip }, bad).skip
    expect(after).toHaveLength(20)
    expect(after.at(-1)).toEqual(skipThree)
    expect(after[0]?.version).toBe('1.0.0.1')
  })
})

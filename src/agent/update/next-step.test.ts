import { describe, expect, it } from 'vitest'
import type { Instruction } from '../../contract/agent/check-in.ts'
import type { ManifestFile } from '../../contract/manifest.ts'
import type { SlotsMessage } from '../launcher/control.ts'
import type { Attempt } from './journal.ts'
import { nextStep, type UpdateFacts } from './next-step.ts'
import { attemptReport } from './progress.ts'
import { takeInstruction } from './take-instruction.ts'

const one = { manifest_digest: '1'.repeat(64), version: '1.0.0.0' }
const two = { manifest_digest: '2'.repeat(64), version: '2.0.0.0' }
const attempt: Attempt = {
  attempt_id: 'a'.repeat(32),
  ...two,
  probation_s: 60,
  download_rate_max: null,
  retry_skipped: false,
  asks_to_switch: true,
  strict_end: false,
  phase: 'accepted',
  bytes_total: 0,
  ended: null,
}
const at = (phase: Attempt['phase'], changes: Partial<Attempt> = {}): Attempt => ({
  ...attempt,
  phase,
  ...changes,
})
const slots: SlotsMessage = {
  kind: 'slots',
  protocol: 1,
  active: one,
  backup: null,
  kept: [],
  probation: null,
  skip: [],
  outcome: null,
}
const file = (path: string): ManifestFile => ({
  path,
  digest: 'd'.repeat(64),
  size: 10,
  gzip_digest: 'e'.repeat(64),
  gzip_size: 8,
  executable: false,
})
const facts: UpdateFacts = {
  slots,
  hasManifest: true,
  misfit: null,
  missing: [],
  isStaged: false,
  switchRequest: 'none',
  isTold: true,
  isClosed: false,
  maySwitch: false,
}
const why = { reason: 'exited', message: 'it ended' }
const skip = [{ ...two, ...why }]
const outcomeOf = (result: 'succeeded' | 'rolled-back') => ({
  attempt_id: attempt.attempt_id,
  ...two,
  result,
  ...(result === 'succeeded' ? { reason: null, message: null } : why),
})
const tried = { ...slots, active: two, backup: one, probation: { attempt_id: attempt.attempt_id } }
const ended = { phase: 'failed', reason: 'cancelled', message: null } as const
const missing = (isFetched: boolean) => [{ file: file('agent.mjs'), isFetched }]

const steps: [rule: string, Attempt | null, Partial<UpdateFacts>, step: object][] = [
  ['no attempt: idle', null, {}, { kind: 'idle' }],
  ['an ended attempt: idle', at('downloading', { ended }), {}, { kind: 'idle' }],
  ['no manifest: fetch it', attempt, { hasManifest: false }, { kind: 'fetch-manifest' }],
  [
    'a manifest that does not fit: end',
    attempt,
    { misfit: { reason: 'wrong-platform', message: '' } },
    { kind: 'end', ended: { phase: 'failed', reason: 'wrong-platform' } },
  ],
  [
    'a staged version that does not fit: end',
    at('staged'),
    { isStaged: true, misfit: { reason: 'wrong-version', message: '' } },
    { kind: 'end', ended: { reason: 'wrong-version' } },
  ],
  ['a file is missing: download it', attempt, { missing: missing(false) }, { kind: 'download' }],
  [
    'a file is fetched: verify it',
    at('downloading'),
    { missing: missing(true) },
    { kind: 'verify' },
  ],
  ['nothing is missing: stage', at('downloading'), {}, { kind: 'stage' }],
  ['killed after staging: say so', at('downloading'), { isStaged: true }, { kind: 'note-staged' }],
  ['staged: wait for the server', at('staged'), { isStaged: true }, { kind: 'idle' }],
  ['allowed: switch', at('staged'), { isStaged: true, maySwitch: true }, { kind: 'switch' }],
  [
    'a server that gives no permissions: switch',
    at('staged', { asks_to_switch: false }),
    { isStaged: true },
    { kind: 'switch' },
  ],
  [
    'killed after writing that it switches: ask the server again',
    at('switching'),
    { isStaged: true },
    { kind: 'note-staged' },
  ],
  [
    'killed like that, of a server that gives no permissions: ask the launcher again',
    at('switching', { asks_to_switch: false }),
    { isStaged: true },
    { kind: 'switch' },
  ],
  [
    'asked: wait for the launcher',
    at('switching'),
    { isStaged: true, switchRequest: 'waiting', maySwitch: true },
    { kind: 'idle' },
  ],
  [
    'the launcher does not answer: end',
    at('switching'),
    { isStaged: true, switchRequest: 'unanswered', maySwitch: true },
    { kind: 'end', ended: { phase: 'failed', reason: 'launcher-silent' } },
  ],
  [
    'allowed, and another version is on probation: wait',
    at('staged'),
    { isStaged: true, maySwitch: true, slots: { ...slots, probation: { attempt_id: null } } },
    { kind: 'idle' },
  ],
  [
    'the time is over before all is here: end',
    at('downloading'),
    { missing: missing(false), isClosed: true },
    { kind: 'end', ended: { phase: 'failed', reason: 'window-closed' } },
  ],
  [
    'the time is over before it is verified: end',
    at('downloading'),
    { missing: missing(true), isClosed: true },
    { kind: 'end', ended: { reason: 'window-closed' } },
  ],
  [
    'the time is over and all is here: say so, and wait for another permission',
    at('downloading'),
    { isStaged: true, isClosed: true },
    { kind: 'note-staged' },
  ],
  [
    'the time of a staged version is over: wait for another permission',
    at('staged'),
    { isStaged: true, isClosed: true },
    { kind: 'idle' },
  ],
  [
    'the time is over and the directory is gone: wait',
    at('staged'),
    { missing: missing(false), isClosed: true },
    { kind: 'idle' },
  ],
  [
    'restarted, and its time is limited: nothing before the server has spoken',
    at('downloading', { strict_end: true }),
    { missing: missing(false), isTold: false },
    { kind: 'idle' },
  ],
  [
    'restarted, and its time is not limited: go on',
    at('downloading'),
    { missing: missing(false), isTold: false },
    { kind: 'download' },
  ],
  ['staged and the directory is gone: build it again', at('staged'), {}, { kind: 'stage' }],
  ['on probation: wait for its end', at('switching'), { slots: tried }, { kind: 'idle' }],
  [
    'another version is on probation: wait',
    attempt,
    { slots: { ...slots, probation: { attempt_id: null } } },
    { kind: 'idle' },
  ],
  [
    'it succeeded: end',
    at('switching'),
    { slots: { ...tried, probation: null, outcome: outcomeOf('succeeded') } },
    { kind: 'end', ended: { phase: 'succeeded', reason: null } },
  ],
  [
    'it was rolled back: end with the reason',
    at('switching'),
    { slots: { ...slots, skip, outcome: outcomeOf('rolled-back') } },
    { kind: 'end', ended: { phase: 'rolled-back', ...why } },
  ],
  [
    'it runs and the outcome is lost: it succeeded',
    at('switching'),
    { slots: { ...tried, probation: null } },
    { kind: 'end', ended: { phase: 'succeeded' } },
  ],
  [
    'it was tried and the outcome is lost: it was rolled back',
    at('switching'),
    { slots: { ...slots, skip } },
    { kind: 'end', ended: { phase: 'rolled-back', ...why } },
  ],
  [
    'it failed here before: refuse',
    attempt,
    { slots: { ...slots, skip } },
    { kind: 'end', ended: { phase: 'failed', reason: 'failed-before' } },
  ],
  [
    'it failed here before and is to be tried again: go on',
    at('accepted', { retry_skipped: true }),
    { slots: { ...slots, skip }, missing: missing(false) },
    { kind: 'download' },
  ],
  [
    'tried again and failed again: end',
    at('switching', { retry_skipped: true }),
    { slots: { ...slots, skip, outcome: outcomeOf('rolled-back') } },
    { kind: 'end', ended: { phase: 'rolled-back' } },
  ],
]

describe('nextStep', () => {
  it.each(steps)('%s', (_, before, changes, step) => {
    expect(nextStep(before, { ...facts, ...changes })).toMatchObject(step)
  })
})

const upgrade = (changes: object = {}): Instruction => ({
  kind: 'upgrade',
  attempt_id: attempt.attempt_id,
  ...two,
  start_within_s: 60,
  probation_s: 60,
  download_rate_max: null,
  retry_skipped: false,
  may_switch: null,
  switch_within_s: null,
  ...changes,
})
const other = upgrade({ attempt_id: 'b'.repeat(32) })
const cancel: Instruction = { kind: 'cancel', attempt_id: attempt.attempt_id }

const takings: [
  rule: string,
  Attempt | null,
  Partial<SlotsMessage>,
  Instruction,
  object | undefined,
][] = [
  ['nothing: nothing', attempt, {}, { kind: 'nothing' }, undefined],
  ['an offer is taken', null, {}, upgrade(), { phase: 'accepted', version: '2.0.0.0' }],
  ['the same offer again changes nothing', at('downloading'), {}, upgrade(), undefined],
  [
    'the same offer after its end changes nothing',
    at('downloading', { ended }),
    {},
    upgrade(),
    undefined,
  ],
  [
    'an offer whose outcome is known changes nothing',
    null,
    { outcome: outcomeOf('succeeded') },
    upgrade(),
    undefined,
  ],
  [
    'another offer replaces one that has not switched',
    at('downloading'),
    {},
    other,
    { attempt_id: 'b'.repeat(32) },
  ],
  [
    'another offer replaces one that has ended',
    at('switching', { ended }),
    {},
    other,
    { attempt_id: 'b'.repeat(32) },
  ],
  ['another offer waits for a switch', at('switching'), {}, other, undefined],
  ['an offer waits for a probation', null, { probation: { attempt_id: null } }, other, undefined],
  [
    'a cancelled attempt ends',
    at('downloading'),
    {},
    cancel,
    { ended: { phase: 'failed', reason: 'cancelled' } },
  ],
  ['what switches is not cancelled', at('switching'), {}, cancel, undefined],
  [
    'what is tried is not cancelled',
    at('staged'),
    { probation: { attempt_id: attempt.attempt_id } },
    cancel,
    undefined,
  ],
  ['what has ended is not cancelled', at('downloading', { ended }), {}, cancel, undefined],
  [
    'another attempt is not cancelled',
    at('downloading', { attempt_id: 'c'.repeat(32) }),
    {},
    cancel,
    undefined,
  ],
]

describe('takeInstruction', () => {
  it.each(takings)('%s', (_, before, changes, instruction, after) => {
    const launcher = { slots: { ...slots, ...changes }, switchRequest: 'waiting' } as const
    const taken = takeInstruction(before, launcher, instruction)
    if (after === undefined) expect(taken).toBeUndefined()
    else expect(taken).toMatchObject(after)
  })

  it('cancels a switch that only the journal knows of, and that was asked of no launcher', () => {
    const launcher = { slots, switchRequest: 'none' } as const
    const taken = takeInstruction(at('switching'), launcher, cancel)
    expect(taken).toMatchObject({ ended: { phase: 'failed', reason: 'cancelled' } })
  })

  it.each([
    ['is tried', { probation: { attempt_id: attempt.attempt_id } }],
    ['runs already', { active: two }],
  ])('does not cancel what %s, whoever asked for it', (_, changes) => {
    const launcher = { slots: { ...slots, ...changes }, switchRequest: 'none' } as const
    expect(takeInstruction(at('switching'), launcher, cancel)).toBeUndefined()
  })
})

const halfway = at('downloading', { bytes_total: 200 })
const reports: [rule: string, Attempt | null, SlotsMessage | null, number, object | null][] = [
  ['no attempt: nothing', null, slots, 0, null],
  ['before the launcher has spoken', attempt, null, 0, { phase: 'accepted', percent: 0 }],
  [
    'half of it is here',
    halfway,
    slots,
    100,
    { phase: 'downloading', percent: 50, bytes_done: 100 },
  ],
  ['never more than all', halfway, slots, 999, { percent: 100, bytes_done: 200 }],
  [
    'staged: all is here',
    at('staged', { bytes_total: 200 }),
    slots,
    0,
    { percent: 100, bytes_done: 200 },
  ],
  ['on probation', at('switching'), tried, 0, { phase: 'on-probation', percent: 100 }],
  [
    'failed halfway',
    { ...halfway, ended },
    slots,
    100,
    { phase: 'failed', percent: 50, reason: 'cancelled' },
  ],
  [
    'the launcher knows the end first',
    at('switching'),
    { ...slots, outcome: outcomeOf('rolled-back') },
    0,
    { phase: 'rolled-back', ...why },
  ],
  [
    'the journal is lost, the outcome is not',
    null,
    { ...slots, outcome: outcomeOf('rolled-back') },
    0,
    { phase: 'rolled-back', ...why },
  ],
  [
    'a package brought it: nobody waits for it',
    null,
    { ...slots, outcome: { ...outcomeOf('succeeded'), attempt_id: null } },
    0,
    null,
  ],
]

describe('attemptReport', () => {
  it.each(reports)('%s', (_, before, known, bytes, report) => {
    if (report === null) expect(attemptReport(before, known, bytes)).toBeNull()
    else expect(attemptReport(before, known, bytes)).toMatchObject(report)
  })
})

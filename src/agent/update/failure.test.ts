import { describe, expect, it } from 'vitest'
import { Fault } from '../../base/fault.ts'
import { DamagedDownload } from './damaged-download.ts'
import { endAfterFailure, isMismatch } from './failure.ts'

const HOUR_MS = 3_600_000
const system = (code: string) => Object.assign(new Error(`${code}: in short`), { code })
const fault = (code: string, retry: 'later' | 'never', cause?: unknown) =>
  new Fault({ code, doing: 'working', retry, cause })

const EARLY = { mismatches: 0, sinceProgressMs: 0 }
const LATE = { mismatches: 0, sinceProgressMs: HOUR_MS }

describe('a step that failed', () => {
  it.each([
    ['the network', fault('server-unreachable', 'later'), 'download-failed'],
    [
      'a file that could not be written',
      fault('not-written', 'later', system('EIO')),
      'not-written',
    ],
    ['a bad sector', system('EIO'), 'disk-failed'],
    ['a disk that is read only now', system('EROFS'), 'disk-failed'],
  ])('%s: is tried again, for an hour without a new byte', (_, error, reason) => {
    expect(endAfterFailure(error, EARLY)).toBeNull()
    expect(endAfterFailure(error, LATE)).toMatchObject({ phase: 'failed', reason })
  })

  it.each([
    ['a full disk', system('ENOSPC'), 'disk-full'],
    ['a full disk, below', fault('not-written', 'later', system('EDQUOT')), 'disk-full'],
    ['what the server does not have', fault('download-failed', 'never'), 'download-failed'],
    ['a broken release', fault('content-mismatch', 'never'), 'content-mismatch'],
    ['a bug of ours', new TypeError('undefined is no function'), 'agent-fault'],
    ['a runtime that is wrong', system('ERR_STREAM_PREMATURE_CLOSE'), 'agent-fault'],
  ])('%s: ends the attempt at once', (_, error, reason) => {
    expect(endAfterFailure(error, EARLY)).toMatchObject({ phase: 'failed', reason })
  })

  it.each(['digest-mismatch', 'malformed-envelope', 'bad-signature', 'wrong-manifest'] as const)(
    '%s: has three tries, and then says what it looks like',
    (code) => {
      const error = new DamagedDownload(code, 'verifying')
      expect(isMismatch(error)).toBe(true)
      expect(endAfterFailure(error, { ...EARLY, mismatches: 2 })).toBeNull()
      const ended = endAfterFailure(error, { ...EARLY, mismatches: 3 })
      expect(ended).toMatchObject({ phase: 'failed', reason: code })
      expect(ended?.message).toMatch(/^something on the way changes bytes, .*verifying$/)
    },
  )
})

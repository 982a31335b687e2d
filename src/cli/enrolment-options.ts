/** The limits of a distribution on the command line: `none` takes one away. */
import type { Instant } from '../base/clock.ts'
import { accept, type Result } from '../base/result.ts'
import { durationMs, flawOfWholeNumber } from './option-values.ts'
import { type Failure, refuseUsage } from './outcome.ts'

export const ENROLMENT_OPTIONS = {
  'enrolments-max': { kind: 'text', value: 'N', help: 'endpoints that may enrol, or none' },
  'enrol-for': { kind: 'text', value: 'TIME', help: 'how long they may: 12h, 30d, 4w, or none' },
} as const

type Given = { readonly [Name in keyof typeof ENROLMENT_OPTIONS]: string | undefined }

export type EnrolmentLimits = {
  readonly enrolments_max?: number | null
  readonly enrol_until?: Instant | null
}

/** What was not given is not there. */
export function readEnrolmentLimits(given: Given, now: Instant): Result<EnrolmentLimits, Failure> {
  const { 'enrolments-max': most, 'enrol-for': time } = given
  const flaw =
    most === 'none'
      ? null
      : flawOfWholeNumber('--enrolments-max', most, { least: 0, most: 1_000_000_000 })
  if (flaw !== null) return refuseUsage(`${flaw.slice(0, -1)}; or none.`)
  const lasting = time === undefined || time === 'none' ? null : durationMs(time)
  if (time !== undefined && time !== 'none' && lasting === null) {
    return refuseUsage(`--enrol-for is a time such as 12h, 30d or 4w, or none, not "${time}".`)
  }
  return accept({
    ...(most === undefined ? {} : { enrolments_max: most === 'none' ? null : Number(most) }),
    ...(time === undefined ? {} : { enrol_until: lasting === null ? null : now + lasting }),
  })
}

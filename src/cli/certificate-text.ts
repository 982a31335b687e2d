/** Certificates that packages are signed with, in words. */
import type * as z from 'zod'
import type { certificateObject } from '../contract/public/trust.ts'
import { timeText } from './print.ts'

type Certificate = z.output<typeof certificateObject>

/** What packages are for that a certificate signs. */
export const PURPOSES = ['windows', 'macos'] as const

export function certificateFields(
  certificate: Certificate,
): readonly (readonly [string, string])[] {
  return [
    ['for', certificate.purpose],
    ['subject', certificate.subject],
    ['issuer', certificate.issuer],
    ['fingerprint', certificate.fingerprint],
    ['valid', `${timeText(certificate.not_before)} to ${timeText(certificate.not_after)}`],
  ]
}

import * as z from 'zod'

/** What was wrong with one place of a request, in the shape that typed clients understand. */
export type FieldError = {
  readonly type: string
  /** Where: property names and array indexes from the root of the body. */
  readonly loc: readonly (string | number)[]
  readonly msg: string
}

export const hexId = z.string().regex(/^[0-9a-f]{32}$/, '32 lower-case hexadecimal characters')
export const sha256Hex = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a SHA-256 as 64 lower-case hexadecimal characters')
export const versionText = z
  .string()
  .regex(
    /^(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){3}$/,
    'four numbers joined by dots, such as 8.6.0.1234',
  )

export function whole(least: number, most: number) {
  const right = `a whole number from ${least} to ${most}`
  return z.int(right).min(least, right).max(most, right)
}

/** Bytes of one artifact: far above any agent, far below what fills a disk by mistake. */
export const ARTIFACT_BYTES_MAX = 2 * 1024 ** 3
export const byteCount = z.int().min(0).max(ARTIFACT_BYTES_MAX)

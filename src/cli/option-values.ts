/** What is wrong with an option's value, as a sentence that names the option; null: nothing. */
import { accept, type Result, refuse } from '../base/result.ts'
import { isAgentVersion, VERSION_SHAPE } from '../base/version.ts'
import { suggestion } from './nearest.ts'

export function flawOfVersion(option: string, text: string): string | null {
  return isAgentVersion(text) ? null : `${option} is ${VERSION_SHAPE}, not "${text}".`
}

export function flawOfChoice(
  option: string,
  text: string | undefined,
  choices: readonly string[],
): string | null {
  if (text === undefined || choices.includes(text)) return null
  const near = suggestion(text.toLowerCase(), choices)
  return `${option} is one of ${choices.join(', ')}, not "${text}".${near}`
}

export function flawOfWholeNumber(
  option: string,
  text: string | undefined,
  range: { readonly least: number; readonly most: number },
): string | null {
  if (text === undefined) return null
  const number = Number(text)
  const isFine = /^\d{1,15}$/.test(text) && number >= range.least && number <= range.most
  return isFine
    ? null
    : `${option} is a whole number from ${range.least} to ${range.most}, not "${text}".`
}

export function wholeNumberOr(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : Number(text)
}

const HOUR_MS = 3_600_000
const UNITS_MS = new Map([
  ['h', HOUR_MS],
  ['d', 24 * HOUR_MS],
  ['w', 7 * 24 * HOUR_MS],
])

/** When a key is to end: a time from now, `never` (null), or nothing said (undefined). */
export function readExpiry(
  text: string | undefined,
  now: number,
): Result<number | null | undefined, string> {
  if (text === undefined || text === 'never') return accept(text === undefined ? undefined : null)
  const ms = durationMs(text)
  if (ms !== null) return accept(now + ms)
  return refuse(`--expires is a time such as 12h, 30d or 4w, or never, not "${text}".`)
}

/** `12h`, `30d`, `4w`; null for anything else. */
export function durationMs(text: string): number | null {
  const [, count = '', unit = ''] = /^([1-9]\d{0,4})([hdw])$/.exec(text) ?? []
  const unitMs = UNITS_MS.get(unit)
  return unitMs === undefined ? null : Number(count) * unitMs
}

export const ACTION_OPERAND = {
  name: 'ACTION_ID',
  help: 'what "drydock upgrade list" shows',
  count: 'one',
} as const

export function flawOfAction(text: string): string | null {
  return flawOfWholeNumber('ACTION_ID', text, { least: 1, most: Number.MAX_SAFE_INTEGER })
}

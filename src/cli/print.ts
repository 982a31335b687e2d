/**
 * Text for people. Whatever comes from a server is harmless by the time it reaches a terminal: an
 * endpoint that calls itself an escape sequence is shown as one, and does not act as one.
 */

/** Control, format and line separator characters: they would move the cursor or turn the text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uff01-\uff60]/u
const EMOJI = /\p{Emoji_Presentation}/u
const MARK = /\p{M}/u

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd')
}

/** The columns that a terminal gives to a text. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) {
    if (MARK.test(character)) continue
    width += WIDE.test(character) || EMOJI.test(character) ? 2 : 1
  }
  return width
}

/** The beginning of a text, with an ellipsis when something is left out. */
export function fitted(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  if (columns < 1) return ''
  let kept = ''
  for (const character of text) {
    if (widthOf(kept + character) > columns - 1) break
    kept += character
  }
  return `${kept}…`
}

export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `812 B`, `51.8 MiB`. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  // From 1023.95 on, one digit after the point would be rounded up to 1024.0.
  while (value >= (unit === 0 ? 1024 : 1023.95) && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${UNITS[unit]}`
}

/** `2026-11-22 07:30 UTC`; `never` for no time. */
export function timeText(instant: number | null): string {
  if (instant === null) return 'never'
  const date = new Date(instant)
  // A number from a server need not be a time.
  if (Number.isNaN(date.getTime())) return String(instant)
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** `42 s`, `5 min`, `3 h`, `12 d`: how long, in the largest unit that fits. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** `1 endpoint`, `2 endpoints`, `2 entries`. */
export function counted(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`
}

/** `name:   value`, the values in one column. */
export function fieldLines(fields: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...fields.map(([name]) => name.length)) + 1
  return fields.map(([name, value]) => `${padded(`${name}:`, width)} ${printable(value)}`)
}

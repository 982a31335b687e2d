/** Names inside a database of Windows Installer: those of its streams, and GUIDs. */
import { digestOf } from '../../base/digest.ts'

/**
 * How stream names are packed is written down nowhere by its makers; Wine's dlls/msi/table.c
 * (encode_streamname) and msitools (libmsi) read it so: two characters of this alphabet to one code
 * unit, a single one to one of another range.
 */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._'
const PAIRS = 0x3800
const SINGLES = 0x4800
/** Stands before the name of a table's stream. */
const TABLE_MARK = '\u4840'

export function streamName(name: string): string {
  let packed = ''
  for (let at = 0; at < name.length; ) {
    const first = ALPHABET.indexOf(name.charAt(at))
    const second = at + 1 < name.length ? ALPHABET.indexOf(name.charAt(at + 1)) : -1
    if (first < 0) packed += name.charAt(at)
    else if (second < 0) packed += String.fromCharCode(SINGLES + first)
    else packed += String.fromCharCode(PAIRS + first + (second << 6))
    at += first >= 0 && second >= 0 ? 2 : 1
  }
  return packed
}

export function tableStreamName(name: string): string {
  return `${TABLE_MARK}${streamName(name)}`
}

/**
 * A GUID that is the same whenever its name is: RFC 9562, version 8 (of one's own making), from a
 * SHA-256. Windows Installer compares them in upper case.
 */
export function guidOf(name: string): string {
  const hex = digestOf(`drydock-agent msi: ${name}`).toUpperCase()
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `A${hex.slice(17, 20)}`,
  ]
  return `{${parts.join('-')}-${hex.slice(20, 32)}}`
}

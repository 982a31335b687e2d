/** Takes an rpm apart, by the RPM manual and independently of the writer. */
import { gunzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { fromUtf8 } from '../../base/bytes.ts'
import { type CpioEntry, readCpio } from '../archive/read-cpio.suite.ts'

type Value = readonly (number | string)[] | Uint8Array
export type ReadHeader = {
  readonly bytes: Uint8Array
  readonly tags: ReadonlyMap<number, Value>
}
export type ReadRpm = {
  readonly lead: Uint8Array
  readonly signature: ReadHeader
  readonly header: ReadHeader
  readonly payload: Uint8Array
  readonly files: readonly CpioEntry[]
}

export function openRpm(bytes: Uint8Array): ReadRpm {
  const lead = bytes.subarray(0, 96)
  expect(Buffer.from(lead.subarray(0, 4)).toString('hex')).toBe('edabeedb')
  const signature = readHeader(bytes.subarray(96), 62)
  const signatureEnd = 96 + Math.ceil(signature.bytes.length / 8) * 8
  const header = readHeader(bytes.subarray(signatureEnd), 63)
  const payload = bytes.subarray(signatureEnd + header.bytes.length)
  return { lead, signature, header, payload, files: readCpio(gunzipSync(payload)) }
}

function readHeader(from: Uint8Array, region: number): ReadHeader {
  const view = new DataView(from.buffer, from.byteOffset)
  expect(Buffer.from(from.subarray(0, 8)).toString('hex')).toBe('8eade80100000000')
  const count = view.getUint32(8)
  const dataAt = 16 + count * 16
  const bytes = from.subarray(0, dataAt + view.getUint32(12))
  const entryAt = (at: number) =>
    [
      view.getUint32(at),
      view.getUint32(at + 4),
      view.getInt32(at + 8),
      view.getUint32(at + 12),
    ] as const
  const [tag, type, trailer, length] = entryAt(16)
  expect([tag, type, length]).toEqual([region, 7, 16])
  expect(entryAt(dataAt + trailer)).toEqual([region, 7, -count * 16, 16])
  expect(dataAt + trailer + 16).toBe(bytes.length)
  const tags = new Map<number, Value>()
  let last = 0
  for (let index = 1; index < count; index++) {
    const [tag, type, offset, count] = entryAt(16 + index * 16)
    expect(tag).toBeGreaterThan(last)
    last = tag
    tags.set(tag, readValue(bytes.subarray(dataAt), { type, offset, count }))
  }
  return { bytes, tags }
}

type Place = { readonly type: number; readonly offset: number; readonly count: number }

function readValue(data: Uint8Array, { type, offset, count }: Place): Value {
  const view = new DataView(data.buffer, data.byteOffset)
  switch (type) {
    case 3:
      expect(offset % 2).toBe(0)
      return Array.from({ length: count }, (_, index) => view.getUint16(offset + index * 2))
    case 4:
      expect(offset % 4).toBe(0)
      return Array.from({ length: count }, (_, index) => view.getUint32(offset + index * 4))
    case 6:
    case 8:
    case 9: {
      const values: string[] = []
      let at = offset
      while (values.length < count) {
        const end = data.indexOf(0, at)
        values.push(fromUtf8(data.subarray(at, end)))
        at = end + 1
      }
      return values
    }
    case 7:
      return data.subarray(offset, offset + count)
    default:
      throw new Error(`there is no type ${type}`)
  }
}

export function textsOf(header: ReadHeader, tag: number): readonly string[] {
  return [...(header.tags.get(tag) ?? [])].map(String)
}

export function numbersOf(header: ReadHeader, tag: number): readonly number[] {
  return [...(header.tags.get(tag) ?? [])].map(Number)
}

/** The paths of the list of files, without the leading slash. */
export function pathsOf(header: ReadHeader): readonly string[] {
  const folders = textsOf(header, 1118)
  const names = textsOf(header, 1117)
  return numbersOf(header, 1116).map((folder, index) =>
    `${folders[folder]}${names[index]}`.replace(/^\//, ''),
  )
}

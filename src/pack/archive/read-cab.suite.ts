/** A reader of cabinets for tests, by [MS-CAB]: checks every checksum, unpacks MSZIP and stored. */
import { strict as assert } from 'node:assert'
import { inflateRawSync } from 'node:zlib'

export type ReadCabinetFile = { readonly bytes: Buffer; readonly modified: number }

export function readCabinet(bytes: Uint8Array): ReadonlyMap<string, ReadCabinetFile> {
  const cabinet = Buffer.from(bytes)
  assert.equal(cabinet.toString('latin1', 0, 4), 'MSCF')
  assert.ok(cabinet.readUInt32LE(8) <= cabinet.length)
  assert.equal(cabinet.readUInt16LE(26), 1, 'one folder')
  const content = readFolder(cabinet)
  const files = new Map<string, ReadCabinetFile>()
  let at = cabinet.readUInt32LE(16)
  for (let count = cabinet.readUInt16LE(28); count > 0; count -= 1) {
    const [size, offset] = [cabinet.readUInt32LE(at), cabinet.readUInt32LE(at + 4)]
    const modified = timeOf(cabinet.readUInt16LE(at + 10), cabinet.readUInt16LE(at + 12))
    const end = cabinet.indexOf(0, at + 16)
    const name = cabinet.toString('utf8', at + 16, end)
    assert.ok(offset + size <= content.length, `${name} is in the folder`)
    files.set(name, { bytes: content.subarray(offset, offset + size), modified })
    at = end + 1
  }
  assert.equal(at, cabinet.readUInt32LE(36), 'the data follows the list')
  return files
}

function readFolder(cabinet: Buffer): Buffer {
  const isCompressed = cabinet.readUInt16LE(42) === 1
  let at = cabinet.readUInt32LE(36)
  const blocks: Buffer[] = []
  for (let count = cabinet.readUInt16LE(40); count > 0; count -= 1) {
    const [stored, whole] = [cabinet.readUInt16LE(at + 4), cabinet.readUInt16LE(at + 6)]
    const data = cabinet.subarray(at + 8, at + 8 + stored)
    assert.equal(sumOf(cabinet.subarray(at + 4, at + 8), sumOf(data)), cabinet.readUInt32LE(at))
    const block = isCompressed ? unpacked(data, blocks.at(-1)) : data
    assert.equal(block.length, whole)
    blocks.push(block)
    at += 8 + stored
  }
  assert.equal(at, cabinet.readUInt32LE(8), 'the cabinet is as long as it says')
  return Buffer.concat(blocks)
}

function unpacked(data: Buffer, before: Buffer | undefined): Buffer {
  assert.equal(data.toString('latin1', 0, 2), 'CK')
  assert.ok(data.length <= 32_768 + 12)
  return inflateRawSync(data.subarray(2), before === undefined ? {} : { dictionary: before })
}

function sumOf(bytes: Buffer, seed = 0): number {
  let sum = seed
  let at = 0
  for (; at + 4 <= bytes.length; at += 4) sum ^= bytes.readUInt32LE(at)
  const rest = bytes.subarray(at)
  return (rest.length === 0 ? sum : sum ^ rest.readUIntBE(0, rest.length)) >>> 0
}

function timeOf(date: number, time: number): number {
  const days = [1980 + (date >> 9), ((date >> 5) & 15) - 1, date & 31] as const
  return Date.UTC(...days, time >> 11, (time >> 5) & 63, 2 * (time & 31)) / 1000
}

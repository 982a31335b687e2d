import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../base/bytes.ts'
import {
  type CompoundFile,
  frontTables,
  headerAndTail,
  planFront,
  SECTOR,
  sectorsFor,
  type TailStream,
} from './cfb.ts'
import { readCompound } from './read-cfb.suite.ts'

const CLASS_ID = Buffer.from('00112233445566778899aabbccddeeff', 'hex')

function bytesOf(length: number, seed: string): Uint8Array {
  const block = createHash('sha256').update(seed).digest()
  return Buffer.alloc(length, block)
}

function compound(front: readonly TailStream[], tail: readonly TailStream[]): Uint8Array {
  const planned = planFront(front.map(({ bytes }) => bytes.length))
  const file: CompoundFile = {
    front: planned,
    frontStreams: front.map(({ name, bytes }) => ({ name, length: bytes.length })),
    tailStreams: tail,
    classId: CLASS_ID,
  }
  const { header, tail: rest } = headerAndTail(file)
  const filled = front.map(({ bytes }) =>
    concatBytes([bytes, new Uint8Array(sectorsFor(bytes.length) * SECTOR - bytes.length)]),
  )
  return concatBytes([header, ...filled, frontTables(planned), rest])
}

function streamsOf(lengths: readonly number[], name: string): readonly TailStream[] {
  return lengths.map((length, index) => {
    return { name: `${name}${index}`, bytes: bytesOf(length, `${name}${index}`) }
  })
}

function expectSame(front: readonly TailStream[], tail: readonly TailStream[]): void {
  const read = readCompound(compound(front, tail))
  expect(read.classId).toBe(CLASS_ID.toString('hex'))
  const all = [...front, ...tail]
  expect([...read.streams.keys()].toSorted()).toEqual(all.map(({ name }) => name).toSorted())
  for (const { name, bytes } of all) {
    expect([name, Buffer.compare(read.streams.get(name) ?? Buffer.alloc(0), bytes)]).toEqual([
      name,
      0,
    ])
  }
}

describe('a compound file', () => {
  it.each([0, 1, 63, 64, 65, 511, 512, 4095, 4096, 4097, 70_000])(
    'holds streams of %i bytes',
    (length) => {
      expectSame(streamsOf([4096], 'front'), streamsOf([length, 5, length, 0], 'tail'))
    },
  )

  it.each([0, 1, 2, 3, 4, 7, 8, 30])('finds each of %i streams of its tail', (count) => {
    expectSame(
      streamsOf([5000], 'f'),
      streamsOf(
        Array.from({ length: count }, () => 100),
        't',
      ),
    )
  })

  // 128 sectors have one sector of the table, 109 of which are named in the header.
  it.each([125, 126, 127, 128, 129, 255, 256, 257])(
    'goes on where the front has %i sectors',
    (sectors) => {
      expectSame(streamsOf([sectors * SECTOR], 'f'), streamsOf([40_000, 10], 't'))
      expectSame(streamsOf([sectors * SECTOR - 1, 4096], 'f'), streamsOf([10], 't'))
    },
  )

  it.each([107, 108, 109, 110, 111, 235, 236, 237, 238])(
    'goes on where the front needs %i sectors of the table',
    (fatSectors) => {
      expectSame(streamsOf([fatSectors * 127 * SECTOR, 5000], 'f'), streamsOf([10, 70_000], 't'))
    },
  )

  it('has tables of the front that depend on its lengths alone, and a small tail', () => {
    const front = planFront([50_000_000, 9000])
    expect(frontTables(front).length).toBeGreaterThan(390_000)
    const streams = { frontStreams: [{ name: 'a', length: 50_000_000 }], classId: CLASS_ID }
    const { header, tail } = headerAndTail({ front, ...streams, tailStreams: [] })
    expect(header.length + tail.length).toBeLessThan(4096)
  })

  it('refuses names that are too long', () => {
    const bytes = bytesOf(10, 'x')
    expect(() => compound(streamsOf([4096], 'f'), [{ name: 'x'.repeat(32), bytes }])).toThrow(/31/)
  })
})

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import {
  CABINET_LENGTH_AT,
  type CabinetFile,
  cabinetLength,
  mszipCabinet,
  storedCabinet,
} from './cab.ts'
import { readCabinet } from './read-cab.suite.ts'

const TIMESTAMP = 1_760_000_000

/** As random as they look, and the same each time. */
function noise(length: number): Uint8Array {
  const parts = Array.from({ length: Math.ceil(length / 32) }, (_, index) =>
    createHash('sha256').update(String(index)).digest(),
  )
  return Buffer.concat(parts).subarray(0, length)
}

async function packed(files: readonly CabinetFile[], partLength = 10_000): Promise<Uint8Array> {
  const entries = files.map(({ name, bytes }) => ({ name, size: bytes.length }))
  async function* content() {
    const all = concatBytes(files.map(({ bytes }) => bytes))
    const reused = new Uint8Array(partLength)
    for (let at = 0; at < all.length; at += partLength) {
      const part = all.subarray(at, at + partLength)
      reused.set(part)
      yield reused.subarray(0, part.length)
    }
  }
  const parts: Uint8Array[] = []
  const making = mszipCabinet(entries, content(), TIMESTAMP)
  for (;;) {
    const made = await making.next()
    if (made.done !== true) {
      parts.push(made.value)
      continue
    }
    const cabinet = concatBytes(parts)
    expect(made.value).toBe(cabinet.length)
    cabinet.set(cabinetLength(made.value), CABINET_LENGTH_AT)
    return cabinet
  }
}

const FILES: readonly CabinetFile[] = [
  { name: 'text', bytes: utf8('the same again and again, '.repeat(9000)) },
  { name: 'empty', bytes: new Uint8Array() },
  { name: 'noise', bytes: noise(100_001) },
  { name: 'last', bytes: utf8('the end') },
]

describe('a cabinet', () => {
  it.each([1, 4096, 32_768, 1_000_000])('holds files that come in parts of %i', async (length) => {
    const read = readCabinet(await packed(length === 1 ? FILES.slice(3) : FILES, length))
    for (const { name, bytes } of length === 1 ? FILES.slice(3) : FILES) {
      expect([name, Buffer.compare(read.get(name)?.bytes ?? Buffer.alloc(0), bytes)]).toEqual([
        name,
        0,
      ])
      expect(read.get(name)?.modified).toBe(TIMESTAMP)
    }
  })

  it('is small where the content is, because blocks look back', async () => {
    const repeated = concatBytes([noise(30_000), noise(30_000), noise(30_000)])
    expect((await packed([{ name: 'x', bytes: repeated }])).length).toBeLessThan(35_000)
  })

  it('holds stored files of any length', () => {
    const files = [{ name: 'long', bytes: noise(70_000) }, ...FILES.slice(1)]
    const read = readCabinet(storedCabinet(files, TIMESTAMP))
    for (const { name, bytes } of files) {
      expect([name, Buffer.compare(read.get(name)?.bytes ?? Buffer.alloc(0), bytes)]).toEqual([
        name,
        0,
      ])
    }
  })

  it('is refused when the content is not as long as was said', async () => {
    async function* short() {
      yield utf8('four')
    }
    const making = mszipCabinet([{ name: 'x', size: 5 }], short(), TIMESTAMP)
    const end = async () => {
      for await (const part of making) expect(part.length).toBeGreaterThan(0)
    }
    await expect(end()).rejects.toThrow(/as long as/)
  })

  it.each([0, 4_354_819_200])('takes the time %i, which MS-DOS could not say', (timestamp) => {
    const read = readCabinet(storedCabinet([{ name: 'x', bytes: utf8('x') }], timestamp))
    const year = new Date((read.get('x')?.modified ?? 0) * 1000).getUTCFullYear()
    expect(year).toBe(timestamp === 0 ? 1980 : 2107)
  })
})

describe.skipIf(!needs('7z'))('a cabinet, to 7-Zip (needs 7z)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-cab-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is unpacked byte for byte', async () => {
    writeFileSync(join(folder, 'x.cab'), await packed(FILES))
    const done = spawnSync('7z', ['x', '-y', `-o${folder}/out`, join(folder, 'x.cab')])
    expect(done.status).toBe(0)
    for (const { name, bytes } of FILES) {
      expect([name, Buffer.compare(readFileSync(join(folder, 'out', name)), bytes)]).toEqual([
        name,
        0,
      ])
    }
  })

  it.each([0.3, 0.6, 0.9])('is refused with a flipped bit at %f', async (where) => {
    const cabinet = await packed(FILES)
    const at = Math.floor(cabinet.length * where)
    cabinet[at] = (cabinet[at] ?? 0) ^ 1
    writeFileSync(join(folder, 'flipped.cab'), cabinet)
    expect(spawnSync('7z', ['t', join(folder, 'flipped.cab')]).status).not.toBe(0)
  })
})

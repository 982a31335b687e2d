import { describe, expect, it } from 'vitest'
import { TAR_BLOCK, type TarHeader, tarEnd, tarHeaderBytes, tarPadding } from './tar.ts'

const FILE: TarHeader = {
  kind: 'file',
  path: 'a',
  mode: 0o644,
  size: 0,
  timestamp: 0,
  linkTarget: '',
}

const field = (block: Uint8Array, from: number, to: number) =>
  Buffer.from(block.subarray(from, to)).toString('latin1')

describe('a tar header', () => {
  it.each<readonly [string, Partial<TarHeader>, readonly [number, number], string]>([
    ['a size of 2 GiB', { size: 2 * 1024 ** 3 }, [124, 136], '20000000000\0'],
    ['the last second of its field', { timestamp: 8 ** 11 - 1 }, [136, 148], '77777777777\0'],
    ['a mode', { mode: 0o600 }, [100, 108], '0000600\0'],
    ['the type of a folder', { kind: 'directory' }, [156, 157], '5'],
    ['the format', {}, [257, 265], 'ustar\x0000'],
  ])('holds %s', (_, change, [from, to], expected) => {
    expect(field(tarHeaderBytes({ ...FILE, ...change }), from, to)).toBe(expected)
  })

  it('sums its bytes with the sum itself as spaces', () => {
    const block = tarHeaderBytes(FILE)
    const said = Number.parseInt(field(block, 148, 154), 8)
    const spaces = block.slice().fill(' '.charCodeAt(0), 148, 156)
    expect(said).toBe(spaces.reduce((sum, byte) => sum + byte, 0))
  })

  it('is whole blocks, also with a long name', () => {
    for (const length of [1, 100, 101, 255, 256, 511, 512, 600]) {
      const bytes = tarHeaderBytes({ ...FILE, path: 'x'.repeat(length) })
      expect([length, bytes.length % TAR_BLOCK]).toEqual([length, 0])
    }
  })

  it.each<readonly [string, Partial<TarHeader>]>([
    ['a size beyond its field', { size: 8 ** 11 }],
    ['a time beyond its field', { timestamp: 8 ** 11 }],
    ['a link beyond its field', { kind: 'symlink', linkTarget: 'x'.repeat(101) }],
  ])('is not made for %s', (_, change) => {
    expect(() => tarHeaderBytes({ ...FILE, ...change })).toThrow(/fits its field/)
  })

  it('is followed by content in whole blocks, and the archive by two of zeros', () => {
    expect([0, 1, 511, 512, 513].map((size) => tarPadding(size).length)).toEqual([
      0, 511, 1, 0, 511,
    ])
    expect(tarEnd()).toEqual(new Uint8Array(1024))
  })
})

import { describe, expect, it } from 'vitest'
import { BOM_ENTRIES_MAX, type BomEntry, bomBytes } from './bom.ts'
import { readBom } from './read-bom.suite.ts'

const TIMESTAMP = 1_760_000_000
const folder = (path: string): BomEntry => {
  return { path, kind: 'directory', mode: 0o40755, size: 0, checksum: 0 }
}
const file = (path: string, size = 3): BomEntry => {
  return { path, kind: 'file', mode: 0o100644, size, checksum: 0xfedc_ba98 }
}

describe('a bill of materials', () => {
  it('says of each path what it was told', () => {
    const seen = readBom(bomBytes([folder('.'), folder('opt'), file('opt/x', 77)], TIMESTAMP))
    const common = { owner: [0, 0], modified: TIMESTAMP }
    expect(seen).toEqual([
      { ...common, path: '.', type: 2, mode: 0o40755, size: 0, checksum: 0 },
      { ...common, path: './opt', type: 2, mode: 0o40755, size: 0, checksum: 0 },
      { ...common, path: './opt/x', type: 1, mode: 0o100644, size: 77, checksum: 0xfedc_ba98 },
    ])
  })

  it('orders keys by folder and name, whatever the paths as a whole would be', () => {
    const paths = ['a', 'a b', 'a/y', 'a b/x', 'a b/ü', 'a/b']
    const isFolder = (path: string) => paths.some((other) => other.startsWith(`${path}/`))
    const entries = paths.map((path) => (isFolder(path) ? folder(path) : file(path)))
    const seen = readBom(bomBytes([folder('.'), ...entries], TIMESTAMP))
    expect(seen.map(({ path }) => path)).toEqual([
      '.',
      './a',
      './a b',
      './a/b',
      './a/y',
      './a b/x',
      './a b/ü',
    ])
  })

  it.each([255, 256, 257, 512, 513, 10_000])('holds %i paths', (count) => {
    const files = Array.from({ length: count - 1 }, (_, index) => file(`f${index}`))
    const seen = readBom(bomBytes([folder('.'), ...files], TIMESTAMP))
    expect(seen).toHaveLength(count)
    expect(new Set(seen.map(({ path }) => path)).size).toBe(count)
  })

  it('refuses more than it holds, and a path that lies nowhere', () => {
    const many = Array.from({ length: BOM_ENTRIES_MAX }, (_, index) => file(`f${index}`))
    expect(() => bomBytes([folder('.'), ...many], TIMESTAMP)).toThrow(/holds so many paths/)
    expect(() => bomBytes([folder('.'), file('a/b')], TIMESTAMP)).toThrow(/lies in a folder/)
    expect(() => bomBytes([file('a')], TIMESTAMP)).toThrow(/begins with its root/)
  })
})

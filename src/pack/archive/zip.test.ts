import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { utf8 } from '../../base/bytes.ts'
import { contentOfEntry, readZip, storedEntry, writeZip, type ZipEntry } from './zip.ts'

const LIMITS = { entriesMax: 10, contentBytesMax: 10_000 }

function deflated(name: string, content: Uint8Array): ZipEntry {
  const data = new Uint8Array(deflateRawSync(content))
  return { name, method: 'deflated', crc32: crc32(content), size: content.length, data }
}

const ENTRIES = [
  deflated('AndroidManifest.xml', utf8('<manifest>'.repeat(100))),
  storedEntry('resources.arsc', utf8('table')),
  storedEntry('empty', new Uint8Array(0)),
  deflated('res/xml/a.xml', utf8('<a/>')),
]
const ARCHIVE = Buffer.from(writeZip(ENTRIES))
const END = ARCHIVE.length - 22
const CENTRAL = ARCHIVE.readUInt32LE(END + 16)

function changed(change: (archive: Buffer) => void): Buffer {
  const archive = Buffer.from(ARCHIVE)
  change(archive)
  return archive
}

/** The same bytes somewhere in the middle, and everything that names a place moved behind them. */
function withGap(at: number, gap: Uint8Array): Buffer {
  const archive = Buffer.concat([ARCHIVE.subarray(0, at), gap, ARCHIVE.subarray(at)])
  archive.writeUInt32LE(CENTRAL + gap.length, archive.length - 6)
  return archive
}

describe('a zip', () => {
  it('comes back as it was written, with stored data at multiples of four', () => {
    const read = readZip(ARCHIVE, LIMITS)
    expect(read.ok && read.value.map(({ name }) => name)).toEqual(ENTRIES.map(({ name }) => name))
    const contents = (entries: readonly ZipEntry[]) =>
      entries.map((entry) => Buffer.from(contentOfEntry(entry)).toString())
    expect(read.ok && contents(read.value)).toEqual(contents(ENTRIES))
    for (const text of ['table']) expect(ARCHIVE.indexOf(text) % 4).toBe(0)
  })

  it.skipIf(!needs('7z', 'bsdtar'))('is what others take it for (needs 7z, bsdtar)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-zip-'))
    try {
      const path = join(folder, 'a.zip')
      writeFileSync(path, ARCHIVE)
      const tested = spawnSync('7z', ['t', path], { encoding: 'utf8' })
      expect([tested.status, tested.stdout]).toEqual([0, expect.stringContaining('Ok')])
      const read = spawnSync('bsdtar', ['-xOf', path, 'resources.arsc'], { encoding: 'utf8' })
      expect(read.stdout).toBe('table')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  const record = CENTRAL
  const attacks: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array(0)],
    ['no archive', Buffer.alloc(100)],
    ['one that is cut', ARCHIVE.subarray(0, -1)],
    ['one that is cut in the directory', ARCHIVE.subarray(0, CENTRAL + 50)],
    ['a byte before it', Buffer.concat([Buffer.of(0), ARCHIVE])],
    ['a byte behind it', Buffer.concat([ARCHIVE, Buffer.of(0)])],
    [
      'a comment',
      Buffer.concat([changed((a) => a.writeUInt16LE(3, END + 20)), Buffer.from('abc')]),
    ],
    ['bytes between the entries and the directory', withGap(CENTRAL, Buffer.alloc(32))],
    ['bytes before the first entry', withGap(0, Buffer.alloc(4))],
    ['another count than it has', changed((a) => a.writeUInt32LE(0x0003_0003, END + 8))],
    ['two counts', changed((a) => a.writeUInt16LE(3, END + 8))],
    ['more entries than are taken', changed((a) => a.writeUInt32LE(0x000b_000b, END + 8))],
    ['no entry', changed((a) => a.writeUInt32LE(0, END + 8))],
    ['the largest count', changed((a) => a.writeUInt32LE(0xffff_ffff, END + 8))],
    ['a directory elsewhere', changed((a) => a.writeUInt32LE(CENTRAL - 1, END + 16))],
    ['a directory far away', changed((a) => a.writeUInt32LE(0xffff_ffff, END + 16))],
    ['a second disk', changed((a) => a.writeUInt16LE(1, END + 4))],
    ['ZIP64 sizes', changed((a) => a.fill(0xff, 18, 26).fill(0xff, record + 20, record + 28))],
    ['encryption', changed((a) => a.writeUInt16LE(1, 6) && a.writeUInt16LE(1, record + 8))],
    ['a data descriptor', changed((a) => a.writeUInt16LE(8, 6) && a.writeUInt16LE(8, record + 8))],
    ['another method', changed((a) => a.writeUInt16LE(12, 8) && a.writeUInt16LE(12, record + 10))],
    ['a local header that says something else', changed((a) => a.writeUInt16LE(0, 8))],
    ['a name that says something else', changed((a) => a.write('b', 30))],
    ['an entry that begins inside another', changed((a) => a.writeUInt32LE(4, record + 42))],
    ['another checksum', changed((a) => a.writeUInt32LE(7, 14) && a.writeUInt32LE(7, record + 16))],
    [
      'a size that is not so',
      changed((a) => a.writeUInt32LE(9, 22) && a.writeUInt32LE(9, record + 24)),
    ],
    ['a record with a comment', changed((a) => a.writeUInt16LE(1, record + 32))],
    ['a damaged entry', changed((a) => a.fill(0xff, 49, 60))],
    ['a name twice', writeZip([ENTRIES[0] as ZipEntry, ENTRIES[0] as ZipEntry])],
    ['bytes behind what was deflated', writeZip([longer(deflated('a', utf8('aaaa')))])],
    ['more content than is taken', writeZip([storedEntry('a', new Uint8Array(10_001))])],
    ['a bomb', writeZip([{ ...deflated('a', new Uint8Array(1_000_000)), size: 100 }])],
    ...['../a', '/a', 'a//b', 'a/', 'a\\b', 'a\nb', 'ä', '', '.'].map(
      (name) =>
        [`the name ${JSON.stringify(name)}`, writeZip([storedEntry(name, utf8('x'))])] as const,
    ),
  ]
  it.each(attacks)('is refused: %s', (_, bytes) => {
    expect(readZip(bytes, LIMITS)).toMatchObject({ ok: false, refusal: { code: 'malformed-zip' } })
  })

  it('is refused or read as it is, whatever bytes change', () => {
    const change = fc.record({ at: fc.nat(ARCHIVE.length - 1), to: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const archive = Buffer.from(ARCHIVE)
        for (const { at, to } of changes) archive[at] = to
        const read = readZip(archive, LIMITS)
        if (!read.ok) return
        for (const entry of read.value) {
          expect(contentOfEntry(entry).length).toBe(entry.size)
        }
      }),
      { numRuns: 3000 },
    )
  })
})

function longer(entry: ZipEntry): ZipEntry {
  return { ...entry, data: Buffer.concat([entry.data, Buffer.alloc(1)]) }
}

import { spawnSync } from 'node:child_process'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { utf8 } from '../../base/bytes.ts'
import { SampleStore } from '../sample.suite.ts'
import { CPIO_FIELD_MAX, cpioParts } from './cpio.ts'
import type { ArchiveEntry } from './entry.ts'
import { gzipSegments } from './gzip-segments.ts'
import { readCpio } from './read-cpio.suite.ts'

const FORM = { prefix: './', timestamp: 1_760_000_000 }
/** Names and contents of every length modulo four, and beyond ASCII. */
const PATHS = ['a', 'ab', 'abc', 'abcd', 'ß/日本', 'n'.repeat(240), `${'p'.repeat(200)}/n`]

function archiveOf(entries: readonly ArchiveEntry[], store = new SampleStore()): Uint8Array {
  const numbered = entries.map((entry, index) => ({ entry, inode: index + 1 }))
  return store.assemble(gzipSegments(cpioParts(numbered, FORM)))
}

function filesOf(kind: 'own' | 'artifact'): Uint8Array {
  const store = new SampleStore()
  const entries = PATHS.map((path): ArchiveEntry => {
    const bytes = utf8(`content of ${path}`)
    const content =
      kind === 'own'
        ? ({ kind: 'bytes', bytes } as const)
        : ({ kind: 'artifact', artifact: store.add(bytes) } as const)
    return { kind: 'file', path, mode: 0o644, content }
  })
  return archiveOf(entries, store)
}

describe('a cpio archive of segments', () => {
  it.each(['own', 'artifact'] as const)('keeps paths and contents (%s)', (kind) => {
    const entries = readCpio(gunzipSync(filesOf(kind)))
    expect(entries.map((entry) => entry.path)).toEqual(PATHS)
    const contents = entries.map((entry) => Buffer.from(entry.bytes).toString())
    expect(contents).toEqual(PATHS.map((path) => `content of ${path}`))
    expect(entries.map((entry) => entry.inode)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('keeps types, modes, times and links', () => {
    const entries = readCpio(
      gunzipSync(
        archiveOf([
          { kind: 'directory', path: 'folder', mode: 0o700 },
          { kind: 'symlink', path: 'folder/link', target: '/opt/x' },
        ]),
      ),
    )
    expect(
      entries.map(({ mode, links, modified, bytes }) => {
        return [mode.toString(8), links, modified, Buffer.from(bytes).toString()]
      }),
    ).toEqual([
      ['40700', 2, FORM.timestamp, ''],
      ['120777', 1, FORM.timestamp, '/opt/x'],
    ])
  })

  describe.each([
    ['cpio', ['-t', '--quiet']],
    ['bsdtar', ['-tf', '-']],
  ] as const)('in %s', (program, words) => {
    it.skipIf(!needs(program))(`is listed with every path (needs ${program})`, () => {
      const input = gunzipSync(filesOf('artifact'))
      const env = { ...process.env, LC_ALL: 'C.UTF-8' }
      const done = spawnSync(program, words, { input, encoding: 'utf8', env })
      expect(done.stderr).toBe('')
      const listed = done.stdout.replaceAll(/^\.\//gm, '')
      expect(listed).toBe(PATHS.map((path) => `${path}\n`).join(''))
    })
  })

  it('has no header for a size or a time beyond its field', () => {
    const entry: ArchiveEntry = { kind: 'directory', path: 'x', mode: 0o755 }
    const form = { prefix: '', timestamp: CPIO_FIELD_MAX + 1 }
    expect(() => cpioParts([{ entry, inode: 1 }], form)).toThrow(/fits its field/)
  })
})

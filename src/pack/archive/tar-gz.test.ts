import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { utf8 } from '../../base/bytes.ts'
import { SampleStore } from '../sample.suite.ts'
import type { ArchiveEntry } from './entry.ts'
import { readTarGz } from './read-tar.suite.ts'
import { tarGzSegments } from './tar-gz.ts'

const FORM = { prefix: './', timestamp: 1_760_000_000 }

/**
 * Lengths around every edge of the two name fields, with slashes where they help and where they do
 * not.
 */
const PATHS = [
  'a',
  'n'.repeat(97),
  'n'.repeat(98),
  'n'.repeat(99),
  `${'p'.repeat(152)}/${'n'.repeat(46)}`,
  `${'p'.repeat(153)}/${'n'.repeat(46)}`,
  `${'p'.repeat(154)}/${'n'.repeat(45)}`,
  `p/${'n'.repeat(99)}`,
  `p/${'n'.repeat(100)}`,
  `p/${'n'.repeat(101)}`,
  `p/${'n'.repeat(198)}`,
  'ß'.repeat(200),
  `${'日'.repeat(60)}/${'本'.repeat(60)}`,
]

function archiveOf(paths: readonly string[], kind: 'own' | 'artifact') {
  const store = new SampleStore()
  const entries = paths.map((path): ArchiveEntry => {
    const bytes = utf8(`content of ${path}`)
    const content =
      kind === 'own'
        ? ({ kind: 'bytes', bytes } as const)
        : ({ kind: 'artifact', artifact: store.add(bytes) } as const)
    return { kind: 'file', path, mode: 0o644, content }
  })
  return store.assemble(tarGzSegments(entries, FORM))
}

describe('a compressed tar of segments', () => {
  it.each(['own', 'artifact'] as const)(
    'keeps paths of every length (%s content)',
    async (kind) => {
      const entries = await readTarGz(archiveOf(PATHS, kind))
      expect(entries.map((entry) => entry.path)).toEqual(PATHS)
      const contents = entries.map((entry) => Buffer.from(entry.bytes).toString())
      expect(contents).toEqual(PATHS.map((path) => `content of ${path}`))
    },
  )

  describe.each([
    // GNU tar writes bytes beyond ASCII as escapes, unless told not to.
    ['tar', ['-tzf', '-', '--quoting-style=literal']],
    ['busybox', ['tar', '-tzf', '-']],
  ] as const)('in %s', (program, words) => {
    it.skipIf(!needs(program))(`is listed with every path (needs ${program})`, () => {
      const input = archiveOf(PATHS, 'artifact')
      const done = spawnSync(program, words, { input, encoding: 'utf8' })
      expect(done.stderr).toBe('')
      expect(done.stdout).toBe(PATHS.map((path) => `./${path}\n`).join(''))
    })
  })

  it.each([0, 1, 511, 512, 513, 1024])('fills the last block of %i bytes', async (length) => {
    const store = new SampleStore()
    const content = { kind: 'artifact', artifact: store.add(new Uint8Array(length)) } as const
    const file = (path: string): ArchiveEntry => ({ kind: 'file', path, mode: 0o600, content })
    const bytes = store.assemble(tarGzSegments([file('first'), file('second')], FORM))
    const entries = await readTarGz(bytes)
    expect(entries.map((entry) => [entry.path, entry.bytes.length])).toEqual([
      ['first', length],
      ['second', length],
    ])
  })

  it('keeps modes, times, folders and links', async () => {
    const store = new SampleStore()
    const entries: readonly ArchiveEntry[] = [
      { kind: 'directory', path: '', mode: 0o755 },
      { kind: 'directory', path: 'folder', mode: 0o700 },
      { kind: 'symlink', path: 'folder/link', target: '/opt/x' },
    ]
    const read = await readTarGz(store.assemble(tarGzSegments(entries, FORM)))
    expect(
      read.map(({ path, type, mode, modified, linkTarget }) => ({
        path,
        type,
        mode,
        modified,
        linkTarget,
      })),
    ).toEqual([
      { path: '', type: 'directory', mode: 0o755, modified: FORM.timestamp, linkTarget: '' },
      { path: 'folder', type: 'directory', mode: 0o700, modified: FORM.timestamp, linkTarget: '' },
      {
        path: 'folder/link',
        type: 'symlink',
        mode: 0o777,
        modified: FORM.timestamp,
        linkTarget: '/opt/x',
      },
    ])
  })
})

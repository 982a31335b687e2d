import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { ODC_END, odcParts } from './cpio-odc.ts'
import type { ArchiveEntry } from './entry.ts'

const TIMESTAMP = 1_760_000_000
const ENTRIES: readonly ArchiveEntry[] = [
  { kind: 'directory', path: '.', mode: 0o755 },
  { kind: 'directory', path: 'ß', mode: 0o700 },
  { kind: 'file', path: 'ß/日本', mode: 0o600, content: { kind: 'bytes', bytes: utf8('odd') } },
  { kind: 'symlink', path: 'link', target: 'ß' },
]

function archive(): Uint8Array {
  const parts = odcParts(ENTRIES, TIMESTAMP).flatMap(({ header, content }) =>
    content?.kind === 'bytes' ? [header, content.bytes] : [header],
  )
  return concatBytes([...parts, ODC_END])
}

describe('a cpio archive of octal digits', () => {
  it.skipIf(!needs('cpio'))('is listed by cpio with every path (needs cpio)', () => {
    const env = { ...process.env, LC_ALL: 'C.UTF-8' }
    const done = spawnSync('cpio', ['-t', '--quiet'], { input: archive(), encoding: 'utf8', env })
    expect(done.stderr).toBe('')
    expect(done.stdout).toBe('.\n./ß\n./ß/日本\n./link\n')
  })

  it.skipIf(!needs('bsdtar'))('is unpacked by bsdtar as it was (needs bsdtar)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-odc-'))
    try {
      const env = { ...process.env, LC_ALL: 'C.UTF-8' }
      const done = spawnSync('bsdtar', ['-xpf', '-'], { input: archive(), cwd: folder, env })
      expect(done.stderr.toString()).toBe('')
      expect(readFileSync(join(folder, 'link/日本'), 'utf8')).toBe('odd')
      const { mode, mtimeMs } = statSync(join(folder, 'ß/日本'))
      expect([mode & 0o7777, mtimeMs / 1000]).toEqual([0o600, TIMESTAMP])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('has no header for a time beyond its field', () => {
    expect(() => odcParts(ENTRIES, 8 ** 11)).toThrow(/fits its field/)
  })
})

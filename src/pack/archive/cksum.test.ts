import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { utf8 } from '../../base/bytes.ts'
import { CKSUM_START, cksumOver, endCksum } from './cksum.ts'

const TEXTS = ['', 'a', 'abc', 'x'.repeat(255), 'y'.repeat(256), `${'z'.repeat(70_000)}\0`]

describe('the checksum of cksum(1)', () => {
  it.skipIf(!needs('cksum')).each(TEXTS.map((text) => [text.length, text] as const))(
    'is what the tool says of %i bytes (needs cksum)',
    (length, text) => {
      const { stdout } = spawnSync('cksum', { input: text, encoding: 'utf8' })
      expect(stdout).toBe(`${endCksum(cksumOver(CKSUM_START, utf8(text)))} ${length}\n`)
    },
  )

  it('does not depend on how the bytes come', () => {
    const bytes = utf8('one, two, three')
    const parts = [bytes.subarray(0, 3), bytes.subarray(3, 3), bytes.subarray(3)]
    const inParts = parts.reduce(cksumOver, CKSUM_START)
    expect(inParts).toEqual(cksumOver(CKSUM_START, bytes))
  })
})

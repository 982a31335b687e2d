import { spawnSync } from 'node:child_process'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { gzipMember } from './gzip.ts'

describe('a gzip member of ours', () => {
  it('says nothing of day or machine in its header', () => {
    // RFC 1952: magic, deflate, no flags, no time, best compression, unknown system.
    expect([...gzipMember(utf8('x')).subarray(0, 10)]).toEqual([31, 139, 8, 0, 0, 0, 0, 0, 2, 255])
  })

  it.each([0, 1, 511, 512, 100_000])('of %i bytes comes back whole', (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * index) % 251)
    expect(Buffer.compare(gunzipSync(gzipMember(bytes)), bytes)).toBe(0)
  })

  const members = concatBytes([utf8('one '), utf8(''), utf8('two')].map(gzipMember))
  it('is read as one file together with others', () => {
    expect(gunzipSync(members).toString()).toBe('one two')
  })

  describe.each([
    ['gzip', ['-dc']],
    ['busybox', ['gunzip', '-dc']],
  ] as const)('in %s', (program, words) => {
    it.skipIf(!needs(program))(
      `is read as one file together with others (needs ${program})`,
      () => {
        const done = spawnSync(program, words, { input: members, encoding: 'utf8' })
        expect(done.stdout).toBe('one two')
      },
    )
  })

  it('makes little of the zeros that tar headers are made of', () => {
    expect(gzipMember(new Uint8Array(10_240)).length).toBeLessThan(100)
  })
})

import { describe, expect, it } from 'vitest'
import { concatBytes, fromUtf8, utf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import type { Segment } from '../writer.ts'
import { AR_MEMBER_SIZE_MAX, arSegments } from './ar.ts'

const own = (text: string): Segment => ({ kind: 'bytes', bytes: utf8(text) })

function ownText(segments: readonly Segment[]): string {
  const bytes = segments.map((one) => (one.kind === 'bytes' ? one.bytes : utf8('<artifact>')))
  return fromUtf8(concatBytes(bytes))
}

describe('an ar archive', () => {
  it('begins members at even offsets', () => {
    const segments = arSegments(
      [
        { name: 'odd', content: [own('abc')] },
        { name: 'even', content: [own('ab'), own('cd')] },
      ],
      1_760_000_000,
    )
    expect(ownText(segments)).toBe(
      '!<arch>\n' +
        'odd             1760000000  0     0     100644  3         `\nabc\n' +
        'even            1760000000  0     0     100644  4         `\nabcd',
    )
  })

  it('counts what it names without having it', () => {
    const length = 2 * 1024 ** 3 + 1
    const artifact: Segment = { kind: 'artifact', digest: digestOf('x'), offset: 0, length }
    expect(ownText(arSegments([{ name: 'big', content: [artifact, own('a')] }], 0))).toMatch(
      / 2147483650 *`\n<artifact>a$/,
    )
  })

  it('has no header for a name or a size that does not fit', () => {
    const length = AR_MEMBER_SIZE_MAX + 1
    const artifact: Segment = { kind: 'artifact', digest: digestOf('x'), offset: 0, length }
    expect(() => arSegments([{ name: 'big', content: [artifact] }], 0)).toThrow(/size fits/)
    expect(() => arSegments([{ name: 'a-name-of-17-chars', content: [] }], 0)).toThrow(/name fits/)
  })
})

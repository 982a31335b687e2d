import { describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import type { Segment } from '../pack/writer.ts'
import type { ArtifactBytes } from './http/segment-stream.ts'
import { createSegmentDigests } from './segment-digests.ts'

const CONTENT = 'an artifact of a release'

/** Counts how often an artifact is read, and has none while it is away. */
function setUp() {
  const stored = utf8(CONTENT)
  const reads: Digest[] = []
  const state = { isAway: false }
  const artifacts: ArtifactBytes = {
    async openRead(digest, range = { offset: 0, length: stored.length }) {
      if (state.isAway) throw new Error('the disk is away')
      reads.push(digest)
      return (async function* () {
        yield stored.subarray(range.offset, range.offset + range.length)
      })()
    },
  }
  return { digests: createSegmentDigests(artifacts), reads, state }
}

const own = (text: string): Segment => ({ kind: 'bytes', bytes: utf8(text) })
const artifact = (offset: number, length: number): Segment => {
  return { kind: 'artifact', digest: digestOf(CONTENT), offset, length }
}
const whole = artifact(0, CONTENT.length)

describe('the digest of segments', () => {
  it.each<readonly [string, readonly Segment[], string]>([
    ['nothing', [], ''],
    ['own bytes only', [own('a'), own('b')], 'ab'],
    ['an artifact last', [own('a'), whole], `a${CONTENT}`],
    ['own bytes around it', [own('a'), whole, own('b'), own('c')], `a${CONTENT}bc`],
    ['a range of it', [artifact(3, 8), own('b')], `${CONTENT.slice(3, 11)}b`],
  ])('of %s is that of their bytes', async (_, segments, text) => {
    const { digests } = setUp()
    expect(await digests(segments)).toBe(digestOf(text))
    expect(await digests(segments)).toBe(digestOf(text))
  })

  it('reads artifacts once, whatever comes behind the last of them', async () => {
    const { digests, reads } = setUp()
    for (const end of ['one', 'two', 'three']) {
      const digest = await digests([own('a'), whole, own(end)])
      expect(digest).toBe(digestOf(`a${CONTENT}${end}`))
    }
    expect(reads).toHaveLength(1)
    expect(await digests([own('b'), whole])).toBe(digestOf(`b${CONTENT}`))
    expect(reads).toHaveLength(2)
  })

  it('reads again what could not be read', async () => {
    const { digests, state } = setUp()
    state.isAway = true
    await expect(digests([whole])).rejects.toThrow(/away/)
    state.isAway = false
    expect(await digests([whole])).toBe(digestOf(CONTENT))
  })

  it('forgets what was not used for long', async () => {
    const { digests, reads } = setUp()
    const asked = (name: string) => digests([own(name), whole])
    await asked('first')
    for (let n = 0; n < 255; n++) await asked(String(n))
    await asked('first')
    expect(reads).toHaveLength(256)
    await asked('one too many')
    await asked('first')
    expect(reads).toHaveLength(257)
    await asked('0')
    expect(reads).toHaveLength(258)
  })
})

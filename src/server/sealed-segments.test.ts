import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { digestOf } from '../base/digest.ts'
import type { DistributionId } from '../base/ids.ts'
import { systemRandom } from '../base/random.ts'
import { sampleNeeds, sampleRelease } from '../pack/sample.suite.ts'
import type { Segment } from '../pack/writer.ts'
import { writers } from '../pack/writers.ts'
import { instanceSecret } from '../store/secret.ts'
import { listBytes, openSegments, type PackagePlace, sealSegments } from './sealed-segments.ts'
import { segmentsToText } from './stored-segments.ts'

const secret = instanceSecret(systemRandom.bytes(32), systemRandom)
const PLACE: PackagePlace = {
  distributionId: 'd'.repeat(32) as DistributionId, // Branding.
  format: 'sh',
  arch: 'x64',
}
const NOTHING = new Uint8Array()

const bytes = (content: Uint8Array): Segment => ({ kind: 'bytes', bytes: content })
const artifact: Segment = { kind: 'artifact', digest: digestOf('a'), offset: 3, length: 2 ** 31 }
const LISTS: readonly (readonly [string, readonly Segment[]])[] = [
  ['nothing', []],
  ['bytes of no length', [bytes(NOTHING), artifact, bytes(NOTHING)]],
  ['artifacts alone', [artifact, artifact]],
  ['bytes and artifacts', [bytes(utf8('one')), artifact, bytes(randomBytes(70_000)), artifact]],
]

describe('sealed lists of segments', () => {
  it.each(LISTS)('come out as they went in: %s', (_, segments) => {
    for (const model of [NOTHING, listBytes(segments), randomBytes(100_000)]) {
      const { sealedSegments } = sealSegments(secret, PLACE, segments, model)
      expect(openSegments(secret, PLACE, sealedSegments, model).map(plain)).toEqual(
        segments.map(plain),
      )
    }
  })

  it('have a digest of their own, whatever the model', () => {
    const digests = LISTS.map(([, segments]) => {
      const [one, other] = [NOTHING, randomBytes(100)].map(
        (model) => sealSegments(secret, PLACE, segments, model).segmentsDigest,
      )
      expect(one).toBe(other)
      return one
    })
    expect(new Set(digests).size).toBe(LISTS.length)
  })

  it('open nowhere else, and with no other model', () => {
    const model = randomBytes(1000)
    const segments = [bytes(Buffer.concat([model, utf8('and a token')]))]
    const { sealedSegments } = sealSegments(secret, PLACE, segments, model)
    const elsewhere = { ...PLACE, arch: 'arm64' } as const
    expect(() => openSegments(secret, elsewhere, sealedSegments, model)).toThrow()
    expect(() => openSegments(secret, PLACE, sealedSegments, randomBytes(1000))).toThrow()
  })

  it('of the time before there were models are read', () => {
    const [, segments] = LISTS[3] ?? ['', []]
    const old = deflateRawSync(utf8(segmentsToText(segments)))
    const sealed = secret.seal(old, `package:${PLACE.distributionId}:sh:x64`)
    expect(openSegments(secret, PLACE, sealed, null).map(plain)).toEqual(segments.map(plain))
  })

  it.each(['deb', 'rpm', 'sh'] as const)('of %s cost little beside their model', async (format) => {
    const write = async (token: string) => {
      const { spec, store } = sampleRelease()
      const enrolment = utf8(`{"token":"${token}"}\n`)
      return await writers[format].write({ ...spec, enrolment }, sampleNeeds(store))
    }
    const model = listBytes(await write('A'.repeat(43)))
    const segments = await write(randomBytes(32).toString('base64url'))
    const { sealedSegments } = sealSegments(secret, PLACE, segments, model)
    expect(sealedSegments.length).toBeLessThan(2 * 1024)
  })
})

/** Bytes are compared by content, whatever kind of array they are in. */
function plain(segment: Segment): unknown {
  if (segment.kind === 'artifact') return segment
  return { kind: 'bytes', bytes: Buffer.from(segment.bytes).toString('base64') }
}

/** Base layers with one file each, for tests that look at everything else of an image. */
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import type { Arch } from '../../base/platform.ts'
import { tarGzSegments } from '../archive/tar-gz.ts'
import { SAMPLE_TIMESTAMP } from '../sample.suite.ts'
import type { BaseLayers } from './image.ts'

export async function sampleBases(): Promise<BaseLayers> {
  return { x64: baseFor('x64'), arm64: baseFor('arm64') }
}

function baseFor(arch: Arch): BaseLayers[Arch] {
  const content = { kind: 'bytes', bytes: utf8(`the base for ${arch}\n`) } as const
  const entry = { kind: 'file', path: 'etc/base', mode: 0o644, content } as const
  const segments = tarGzSegments([entry], { prefix: '', timestamp: SAMPLE_TIMESTAMP })
  const bytes = concatBytes(segments.flatMap((one) => (one.kind === 'bytes' ? [one.bytes] : [])))
  const diffId = createHash('sha256').update(gunzipSync(bytes)).digest('hex')
  return { digest: digestOf(bytes), diffId, read: async () => bytes }
}

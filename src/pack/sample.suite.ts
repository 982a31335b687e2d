/**
 * A small release for the tests of every format: a launcher that is a shell script, and a payload.
 */
import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { concatBytes, utf8 } from '../base/bytes.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import { invariant } from '../base/invariant.ts'
import type { AgentVersion } from '../base/version.ts'
import { SAMPLE_ANDROID_KEY } from './apk/sample-key.suite.ts'
import type { ArtifactRef, PackagedFile, PackageSpec } from './package-spec.ts'
import type { Derived, DerivedPart, Segment, WriterNeeds } from './writer.ts'

/** What a store of artifacts does, in memory. */
export class SampleStore {
  readonly #members = new Map<Digest, Uint8Array>()

  add(content: Uint8Array): ArtifactRef {
    const member = new Uint8Array(gzipSync(content))
    const gzipDigest = digestOf(member)
    this.#members.set(gzipDigest, member)
    return {
      digest: digestOf(content),
      size: content.length,
      md5: createHash('md5').update(content).digest('hex'),
      gzipDigest,
      gzipSize: member.length,
    }
  }

  /** Makes a part anew each time: the same one has the same bytes. */
  async derive(part: DerivedPart): Promise<Derived> {
    const own = this
    const chunks: Uint8Array[] = []
    const making = part.make(async function* (artifact) {
      yield own.contentOf(artifact)
    })
    for (;;) {
      const made = await making.next()
      if (made.done === true) {
        const bytes = concatBytes(chunks)
        const digest = digestOf(bytes)
        this.#members.set(digest, bytes)
        return { digest, size: bytes.length, notes: made.value }
      }
      chunks.push(Uint8Array.from(made.value))
    }
  }

  /** The package's bytes, as a download sends them. */
  assemble(segments: readonly Segment[]): Uint8Array {
    return concatBytes(segments.map((segment) => this.#bytesOf(segment)))
  }

  contentOf(artifact: ArtifactRef): Uint8Array {
    const member = this.#members.get(artifact.gzipDigest)
    invariant(member !== undefined, 'a sample artifact was added')
    return new Uint8Array(gunzipSync(member))
  }

  #bytesOf(segment: Segment): Uint8Array {
    if (segment.kind === 'bytes') return segment.bytes
    const member = this.#members.get(segment.digest)
    invariant(member !== undefined, 'a segment names an artifact of the store')
    const { offset, length } = segment
    invariant(offset + length <= member.length, 'a segment lies inside its artifact')
    return member.subarray(offset, offset + length)
  }
}

/** What a server gives its writers. */
export function sampleNeeds(store: SampleStore): WriterNeeds {
  return {
    digestOf: async (segments) => digestOf(store.assemble(segments)),
    signOpenPgp: async ({ bytes, timestamp }) => sampleSignature(bytes, timestamp),
    derive: (part) => store.derive(part),
    signAuthenticode: async () => null,
    installerSigner: async () => null,
    androidKey: async () => SAMPLE_ANDROID_KEY,
  }
}

/**
 * Well-formed (RFC 4880, 5.2.3), and by a key that nobody has: readers say so and go on. They look
 * at the first bytes of the digest without any key.
 */
function sampleSignature(signed: Uint8Array, timestamp: number): Uint8Array {
  const head = Buffer.from('040001080006050200000000' /* of bytes, RSA, SHA-256, when */, 'hex')
  head.writeUInt32BE(timestamp, 8)
  const end = Buffer.from('04ff0000000c', 'hex')
  const digest = createHash('sha256').update(signed).update(head).update(end).digest()
  const issuer = Buffer.from(`000a0910${'ab'.repeat(8)}`, 'hex')
  const number = Buffer.concat([Buffer.from('0c00', 'hex'), Buffer.alloc(384, 0xaa)])
  const body = Buffer.concat([head, issuer, digest.subarray(0, 2), number])
  return concatBytes([Buffer.from([0x89, body.length >> 8, body.length & 255]), body])
}

/** `run` leaves a trace of its environment, then waits for the end. */
export const SAMPLE_LAUNCHER = `\
#!/bin/sh
case "$1" in
  run)
    env >/var/lib/drydock-agent/environment
    trap 'exit 0' TERM
    while :; do sleep 1; done
    ;;
  *) echo "launcher of $0" ;;
esac
`

export const SAMPLE_TIMESTAMP = 1_760_000_000

/**
 * 100 bytes fit one field of a tar header, 155 + 100 two, and what no slash divides needs an entry
 * of its own.
 */
export const LONG_PATHS = [
  `payload/${'d'.repeat(90)}/${'f'.repeat(60)}`,
  `payload/${'x'.repeat(150)}`,
  'payload/überraschung/größe ß.txt',
] as const

export type SampleOptions = {
  readonly version?: string
  readonly spec?: Partial<PackageSpec>
  readonly extraPaths?: readonly string[]
}

export function sampleRelease(options: SampleOptions = {}): {
  readonly spec: PackageSpec
  readonly store: SampleStore
} {
  const store = new SampleStore()
  const version = options.version ?? '1.2.3.4'
  const file = (path: string, executable: boolean, content: string): PackagedFile => ({
    path,
    executable,
    artifact: store.add(utf8(content)),
  })
  const files = [
    file('agent.mjs', false, `// agent ${version}\n`),
    file('payload/bin/sensor', true, '#!/bin/sh\nexec sleep 1000\n'),
    file('payload/empty', false, ''),
    file('payload/etc/sensor.conf', false, 'a'.repeat(512)),
    ...(options.extraPaths ?? []).map((path) => file(path, false, `content of ${path}\n`)),
  ]
  const spec: PackageSpec = {
    name: 'drydock-agent',
    target: { platform: 'linux', arch: 'x64', libc: 'glibc' },
    // Branding: the tests that hand in no version expect its refusal.
    version: version as AgentVersion,
    timestamp: SAMPLE_TIMESTAMP,
    description: 'Drydock agent of the sample fleet\nStarts and watches one sensor.\n\nThe end.',
    launcher: store.add(utf8(SAMPLE_LAUNCHER)),
    files: files.sort((left, right) => (left.path < right.path ? -1 : 1)),
    manifest: utf8(`{"sample":"manifest of ${version}"}\n`),
    enrolment: utf8('{"sample":"enrolment","token":"secret"}\n'),
    otherBuilds: [],
    ...options.spec,
  }
  return { spec, store }
}

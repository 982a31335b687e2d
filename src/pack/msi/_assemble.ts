/**
 * A package's bytes as segments. What is long and the same in every package of a release is named:
 * the large cabinet, and behind it the long tables with the part of the allocation table that
 * speaks of both. The few numbers in them that differ (what stands of the distribution in a table,
 * the cabinet's own length) are written over.
 */
import { concatBytes } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import { invariant } from '../../base/invariant.ts'
import { CABINET_LENGTH_AT, cabinetLength } from '../archive/cab.ts'
import {
  type Front,
  frontTables,
  headerAndTail,
  MINI_CUTOFF,
  planFront,
  SECTOR,
  sectorsFor,
  type TailStream,
} from '../archive/cfb.ts'
import type { Derived, DerivedPart, Segment, WriterNeeds } from '../writer.ts'

export type Assembly = {
  readonly cabinet: {
    readonly name: string
    readonly derived: Derived
    /** Without what fills its stream. */
    readonly length: number
  }
  /** Streams of the database, as this package has them. */
  readonly streams: readonly TailStream[]
  /** The same, as lengths go, for every distribution: what the shared bytes are made of. */
  readonly template: readonly TailStream[]
  /** Those that are this package's own: the summary, the small cabinet. */
  readonly ownStreams: readonly TailStream[]
}

/** {000C1084-0000-0000-C000-000000000046}: a package of Windows Installer. */
const CLASS_ID = Buffer.from('84100c0000000000c000000000000046', 'hex')
const SIGNATURE_STREAM = '\u0005DigitalSignature'

export async function assemble(
  assembly: Assembly,
  needs: WriterNeeds,
): Promise<readonly Segment[]> {
  const { cabinet, template, streams, ownStreams } = assembly
  const long = template.filter(({ bytes }) => bytes.length >= MINI_CUTOFF)
  const lengths = [streamLengthOf(cabinet), ...long.map(({ bytes }) => bytes.length)]
  const names = [cabinet.name, ...long.map(({ name }) => name)]
  const front = planFront(lengths)
  const shared = concatBytes(long.map(({ bytes }) => filled(bytes)))
  const derived = await needs.derive(tablesPart(shared, front))
  const { header, tail } = headerAndTail({
    front,
    frontStreams: lengths.map((length, index) => ({ name: names[index] ?? '', length })),
    tailStreams: [
      ...streams.filter(({ name }) => !names.includes(name)),
      ...ownStreams,
      ...(await signatureStreams(assembly, needs)),
    ],
    classId: CLASS_ID,
  })
  const actual = concatBytes(long.map((stream) => filled(sameLength(stream, streams))))
  return [
    { kind: 'bytes', bytes: header },
    ...cabinetSegments(cabinet),
    { kind: 'bytes', bytes: new Uint8Array(sectorsFor(lengths[0] ?? 0) * SECTOR - cabinet.length) },
    ...patchedSegments(derived, shared, actual),
    { kind: 'bytes', bytes: tail },
  ]
}

function sameLength(stream: TailStream, streams: readonly TailStream[]): Uint8Array {
  const actual = streams.find(({ name }) => name === stream.name)
  const isSame = actual?.bytes.length === stream.bytes.length
  invariant(isSame, 'a long table has one length in a release')
  return actual.bytes
}

/** Made in milliseconds; an artifact because it is long. */
function tablesPart(tables: Uint8Array, front: Front): DerivedPart {
  return {
    recipe: 'msi-tables-1',
    parameters: JSON.stringify([digestOf(tables), front.starts, front.streamSectors]),
    sources: [],
    async *make() {
      yield tables
      yield frontTables(front)
      return ''
    },
  }
}

/**
 * In the order of a signature's digest: names by their UTF-16LE bytes, the class id last. No
 * specification says so; osslsigncode's msi.c does.
 */
async function signatureStreams(
  assembly: Assembly,
  needs: WriterNeeds,
): Promise<readonly TailStream[]> {
  const digest = await needs.digestOf(signedSegments(assembly))
  const bytes = await needs.signAuthenticode({ kind: 'msi', digest })
  return bytes === null ? [] : [{ name: SIGNATURE_STREAM, bytes }]
}

export function signedSegments({ cabinet, streams, ownStreams }: Assembly): readonly Segment[] {
  const filler = new Uint8Array(streamLengthOf(cabinet) - cabinet.length)
  const content = new Map<string, readonly Segment[]>([
    [cabinet.name, [...cabinetSegments(cabinet), { kind: 'bytes', bytes: filler }]],
    ...[...streams, ...ownStreams].map(({ name, bytes }): [string, readonly Segment[]] => {
      return [name, [{ kind: 'bytes', bytes }]]
    }),
  ])
  const names = [...content.keys()].toSorted((left, right) =>
    Buffer.compare(Buffer.from(left, 'utf16le'), Buffer.from(right, 'utf16le')),
  )
  return [...names.flatMap((name) => content.get(name) ?? []), { kind: 'bytes', bytes: CLASS_ID }]
}

/** A short one (of a release of a few bytes) is filled up, to lie where long streams lie. */
function streamLengthOf({ length }: Assembly['cabinet']): number {
  return Math.max(length, MINI_CUTOFF)
}

function cabinetSegments({ derived, length }: Assembly['cabinet']): readonly Segment[] {
  const rest = CABINET_LENGTH_AT + 4
  return [
    artifactRange(derived, 0, CABINET_LENGTH_AT),
    { kind: 'bytes', bytes: cabinetLength(length) },
    artifactRange(derived, rest, length - rest),
  ]
}

/** Runs that are this close are written as one: naming a range costs as much. */
const GAP = 64

/** `actual` as ranges of the artifact that begins with `shared`, with what differs between them. */
function patchedSegments(
  derived: Derived,
  shared: Uint8Array,
  actual: Uint8Array,
): readonly Segment[] {
  const runs: { from: number; to: number }[] = []
  for (let at = 0; at < actual.length; at += 1) {
    if (actual[at] === shared[at]) continue
    const last = runs.at(-1)
    if (last !== undefined && at - last.to < GAP) last.to = at + 1
    else runs.push({ from: at, to: at + 1 })
  }
  const segments: Segment[] = []
  let done = 0
  for (const { from, to } of runs) {
    if (from > done) segments.push(artifactRange(derived, done, from - done))
    segments.push({ kind: 'bytes', bytes: actual.slice(from, to) })
    done = to
  }
  return [...segments, artifactRange(derived, done, derived.size - done)]
}

function artifactRange({ digest }: Derived, offset: number, length: number): Segment {
  return { kind: 'artifact', digest, offset, length }
}

/** To the end of its last sector. */
function filled(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(sectorsFor(bytes.length) * SECTOR)
  whole.set(bytes)
  return whole
}

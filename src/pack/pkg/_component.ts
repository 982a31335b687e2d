/**
 * A component package: payload, bill of materials, scripts and a few words about them. What is made
 * of artifacts is made once for each release (the payload is one compressed stream of everything)
 * and kept as one part, the four files one after the other; what is small is made anew.
 */
import { createHash } from 'node:crypto'
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { digestOf } from '../../base/digest.ts'
import { Fault } from '../../base/fault.ts'
import { invariant } from '../../base/invariant.ts'
import { type BomEntry, bomBytes } from '../archive/bom.ts'
import { CKSUM_START, type Cksum, cksumOver, endCksum } from '../archive/cksum.ts'
import { entrySize, fullMode } from '../archive/cpio.ts'
import { ODC_END, type OdcPart, odcParts } from '../archive/cpio-odc.ts'
import type { ArchiveEntry, FileContent } from '../archive/entry.ts'
import { gzipMember } from '../archive/gzip.ts'
import { gzipStream } from '../archive/gzip-stream.ts'
import { ownXarFile, type XarFile } from '../archive/xar.ts'
import type { ArtifactRef } from '../package-spec.ts'
import type { Derived, DerivedPart } from '../writer.ts'
import { packageInfo } from './_package-info.ts'

export type Component = {
  readonly identifier: string
  readonly version: string
  readonly timestamp: number
  /** Folders before their content, `.` first. */
  readonly entries: readonly ArchiveEntry[]
  /** By their names: `preinstall`, `postinstall`. */
  readonly scripts: Readonly<Record<string, string>>
}

type ContentOf = (artifact: ArtifactRef) => AsyncIterable<Uint8Array>
type MadeFile = { readonly name: string; readonly size: number; readonly sha1: string }

/** Another number whenever the same component would get other bytes. */
const RECIPE = 'pkg-component-1'

/** A component of own bytes alone. */
export function smallComponent(component: Component): readonly XarFile[] {
  const parts = odcParts(component.entries, component.timestamp)
  const payload = parts.flatMap(({ header, content }) =>
    content === null ? [header] : [header, ownBytesOf(content)],
  )
  const checksums = parts.map(({ content }) =>
    content === null ? CKSUM_START : cksumOver(CKSUM_START, ownBytesOf(content)),
  )
  const compressed = gzipMember(concatBytes([...payload, ODC_END]))
  return [['Payload', compressed] as const, ...describingFiles(component, checksums)].map(
    ([name, bytes]) => ownXarFile(name, bytes),
  )
}

export function componentPart(component: Component): DerivedPart {
  return {
    recipe: RECIPE,
    parameters: JSON.stringify([component, component.entries.map(nameOfContent)], withoutContent),
    sources: component.entries.flatMap((entry) =>
      entry.kind === 'file' && entry.content.kind === 'artifact' ? [entry.content.artifact] : [],
    ),
    make: (contentOf) => makeComponent(component, contentOf),
  }
}

/** The files of a component that was made. */
export function derivedComponent({ digest, size, notes }: Derived): readonly XarFile[] {
  let offset = 0
  const files = readNotes(notes).map((file): XarFile => {
    const from = offset
    offset += file.size
    const content = { kind: 'artifact', digest, offset: from, length: file.size } as const
    return { name: file.name, sha1: file.sha1, content }
  })
  invariant(offset === size, 'the notes on a component are of its bytes')
  return files
}

async function* makeComponent(
  component: Component,
  contentOf: ContentOf,
): AsyncGenerator<Uint8Array, string> {
  const parts = odcParts(component.entries, component.timestamp)
  const checksums: Cksum[] = []
  const hash = createHash('sha1')
  let size = 0
  for await (const bytes of gzipStream(payloadBytes(parts, { contentOf, checksums }))) {
    hash.update(bytes)
    size += bytes.length
    yield bytes
  }
  const made: MadeFile[] = [{ name: 'Payload', size, sha1: hash.digest('hex') }]
  for (const [name, bytes] of describingFiles(component, checksums)) {
    made.push({ name, size: bytes.length, sha1: ownXarFile(name, bytes).sha1 })
    yield bytes
  }
  return JSON.stringify(made)
}

/** Leaves the checksum of each entry in `checksums`. */
async function* payloadBytes(
  parts: readonly OdcPart[],
  made: { readonly contentOf: ContentOf; readonly checksums: Cksum[] },
): AsyncGenerator<Uint8Array> {
  for (const { entry, header, content } of parts) {
    yield header
    let checksum = CKSUM_START
    for await (const bytes of bytesOf(content, made.contentOf)) {
      checksum = cksumOver(checksum, bytes)
      yield bytes
    }
    // The header has said it already: what follows would be read from the wrong place.
    if (checksum.length !== entrySize(entry)) {
      const doing = `packing ${entry.path}: ${checksum.length} bytes, not ${entrySize(entry)}`
      throw new Fault({ code: 'artifact-damaged', doing, retry: 'never' })
    }
    made.checksums.push(checksum)
  }
  yield ODC_END
}

async function* bytesOf(
  content: FileContent | null,
  contentOf: ContentOf,
): AsyncGenerator<Uint8Array> {
  if (content?.kind === 'artifact') yield* contentOf(content.artifact)
  else if (content !== null) yield content.bytes
}

type NamedBytes = readonly [name: string, bytes: Uint8Array]

/** What is known only when the payload is. */
function describingFiles(component: Component, checksums: readonly Cksum[]): readonly NamedBytes[] {
  const entries = component.entries.map((entry, index): BomEntry => {
    const checksum = checksums[index]
    invariant(checksum !== undefined && entry.kind !== 'symlink', 'a component has no links')
    return {
      path: entry.path,
      kind: entry.kind,
      mode: fullMode(entry),
      size: checksum.length,
      checksum: entry.kind === 'file' ? endCksum(checksum) : 0,
    }
  })
  return [
    ['Bom', bomBytes(entries, component.timestamp)],
    ['PackageInfo', utf8(packageInfo(component))],
    ['Scripts', scriptsArchive(component)],
  ]
}

/** The installer unpacks them to a folder of its own and runs them there. */
function scriptsArchive({ scripts, timestamp }: Component): Uint8Array {
  const entries = Object.entries(scripts).map(([path, text]): ArchiveEntry => {
    return { kind: 'file', path, mode: 0o755, content: { kind: 'bytes', bytes: utf8(text) } }
  })
  const parts = odcParts([{ kind: 'directory', path: '.', mode: 0o755 }, ...entries], timestamp)
  const bytes = parts.flatMap(({ header, content }) =>
    content === null ? [header] : [header, ownBytesOf(content)],
  )
  return gzipMember(concatBytes([...bytes, ODC_END]))
}

function ownBytesOf(content: FileContent): Uint8Array {
  invariant(content.kind === 'bytes', 'a small component is made of own bytes')
  return content.bytes
}

function nameOfContent(entry: ArchiveEntry): string {
  if (entry.kind !== 'file') return ''
  const { content } = entry
  return content.kind === 'bytes' ? digestOf(content.bytes) : content.artifact.digest
}

/** Contents are named by their digests, not spelt out. */
function withoutContent(key: string, value: unknown): unknown {
  return key === 'content' ? undefined : value
}

function readNotes(notes: string): readonly MadeFile[] {
  // Written by `makeComponent`, kept by the server.
  const files: readonly MadeFile[] = JSON.parse(notes)
  for (const { name, size, sha1 } of files) {
    const isWhole = typeof name === 'string' && Number.isSafeInteger(size) && size >= 0
    invariant(isWhole && /^[0-9a-f]{40}$/.test(sha1), 'the notes on a component name its files')
  }
  return files
}

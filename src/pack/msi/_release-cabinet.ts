/**
 * The large cabinet: launcher and seed of a release. It is compressed once, as an artifact, and
 * shared by the packages of all distributions and of both kinds. Its notes tell what was learnt of
 * the files on the way.
 */

import { digestOf } from '../../base/digest.ts'
import { invariant } from '../../base/invariant.ts'
import { type CabinetEntry, mszipCabinet } from '../archive/cab.ts'
import type { ArtifactRef, ReleaseSpec } from '../package-spec.ts'
import type { Derived, DerivedPart } from '../writer.ts'
import type { ReleaseFile } from './_files.ts'
import { sizeOf } from './_tables.ts'
import { type FileVersion, VersionReader } from './_version-resource.ts'

export type ReleaseCabinet = {
  readonly length: number
  readonly versions: ReadonlyMap<string, FileVersion>
}

/**
 * Compressed, it may be a little longer; with the tables that its length asks for, a package stays
 * below 2 GiB, beyond which not every reader of its format goes.
 */
const CONTENT_MAX = 2_000_000_000

export function flawOfSize(files: readonly ReleaseFile[]): string | null {
  const size = files.reduce((sum, { content }) => sum + sizeOf(content), 0)
  if (size <= CONTENT_MAX) return null
  return `its files have ${size} bytes, and a package for Windows holds ${CONTENT_MAX}`
}

export function releaseCabinet(spec: ReleaseSpec, files: readonly ReleaseFile[]): DerivedPart {
  const entries = files.map(({ key, content }) => ({ name: key, size: sizeOf(content) }))
  return {
    recipe: 'msi-cabinet-1',
    parameters: JSON.stringify([spec.timestamp, digestOf(spec.manifest), entries]),
    sources: files.flatMap(({ content }) => (content instanceof Uint8Array ? [] : [content])),
    make: (content) => makeCabinet({ files, entries, timestamp: spec.timestamp }, content),
  }
}

type Making = {
  readonly files: readonly ReleaseFile[]
  readonly entries: readonly CabinetEntry[]
  readonly timestamp: number
}
type Content = (artifact: ArtifactRef) => AsyncIterable<Uint8Array>

async function* makeCabinet(making: Making, content: Content): AsyncGenerator<Uint8Array, string> {
  const versions: (readonly [string, string, string])[] = []
  const bytes = contentOf(making.files, content, ({ key }, { version, language }) =>
    versions.push([key, version, language]),
  )
  const length = yield* mszipCabinet(making.entries, bytes, making.timestamp)
  return JSON.stringify({ length, versions })
}

async function* contentOf(
  files: readonly ReleaseFile[],
  content: Content,
  learn: (file: ReleaseFile, version: FileVersion) => void,
): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    if (file.content instanceof Uint8Array) {
      yield file.content
      continue
    }
    const reader = new VersionReader()
    let length = 0
    for await (const part of content(file.content)) {
      reader.push(part)
      length += part.length
      yield part
    }
    invariant(length === file.content.size, 'an artifact is as long as its release says')
    const version = reader.version()
    if (version !== null) learn(file, version)
  }
}

/** Our own notes: nobody else writes them. */
export function cabinetOf({ notes }: Derived): ReleaseCabinet {
  const { length, versions } = JSON.parse(notes) as {
    length: number
    versions: [string, string, string][]
  }
  return {
    length,
    versions: new Map(versions.map(([key, version, language]) => [key, { version, language }])),
  }
}

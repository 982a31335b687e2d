/**
 * The agent's layer of an image: a tar (OCI image 1.1, "layer") whose gzip members are those of the
 * release. A layer has two names: the SHA-256 of its compressed bytes, and that of the tar in them
 * (`diff_id`), for which every artifact is unpacked once, when the release is published.
 */
import { createHash } from 'node:crypto'
import { utf8 } from '../../base/bytes.ts'
import { type Digest, digestOf } from '../../base/digest.ts'
import { Fault } from '../../base/fault.ts'
import type { ArchiveEntry } from '../archive/entry.ts'
import { tarGzSegments, tarParts } from '../archive/tar-gz.ts'
import {
  CONFIG_FOLDER,
  directory,
  LAUNCHER_FILE,
  PROGRAM_FOLDER,
  STATE_FOLDER,
  seedEntries,
} from '../linux/layout.ts'
import type { ReleaseSpec } from '../package-spec.ts'
import type { DerivedPart, Segment, WriterNeeds } from '../writer.ts'

/**
 * Nobody else's on any machine, by custom; a number, because Kubernetes checks `runAsNonRoot` by it
 * without looking into the image.
 */
export const IMAGE_USER = 10_001

export type Layer = {
  /** Of the compressed bytes. */
  readonly digest: Digest
  readonly segments: readonly Segment[]
  /** SHA-256 of the tar, in hexadecimal. */
  readonly diffId: string
}

/** A layer that was made beforehand. */
export type BaseLayer = {
  /** Of the compressed bytes. */
  readonly digest: Digest
  readonly diffId: string
  readonly read: () => Promise<Uint8Array>
}

/** Lowest first. */
export async function layersOf(
  spec: ReleaseSpec,
  base: BaseLayer,
  needs: Pick<WriterNeeds, 'derive' | 'digestOf'>,
): Promise<readonly Layer[]> {
  const { digest, size, notes } = await needs.derive(basePart(base))
  const segments = tarGzSegments(layerEntries(spec), formOf(spec))
  return [
    { digest, segments: [{ kind: 'artifact', digest, offset: 0, length: size }], diffId: notes },
    {
      digest: await needs.digestOf(segments),
      segments,
      diffId: (await needs.derive(diffIdPart(spec))).notes,
    },
  ]
}

/** Kept as an artifact, so that images which name it can be pulled when a newer one is used. */
export function basePart(base: BaseLayer): DerivedPart {
  return {
    recipe: 'oci-base-1',
    parameters: base.digest,
    sources: [],
    async *make() {
      const bytes = await base.read()
      if (digestOf(bytes) !== base.digest) {
        const doing = `reading the base layer ${base.digest}`
        throw new Fault({ code: 'image-base-damaged', doing, retry: 'never' })
      }
      yield bytes
      return base.diffId
    },
  }
}

/** Its bytes are its notes: the `diff_id`, without `sha256:`. */
function diffIdPart(spec: ReleaseSpec): DerivedPart {
  const parts = tarParts(layerEntries(spec), formOf(spec))
  const framing = createHash('sha256')
  const sources = parts.flatMap((part) => {
    if (part.kind === 'artifact') return [part.artifact]
    framing.update(part.bytes)
    return []
  })
  return {
    recipe: 'oci-diff-id-1',
    parameters: framing.digest('hex'),
    sources,
    async *make(content) {
      const tar = createHash('sha256')
      for (const part of parts) {
        if (part.kind === 'bytes') tar.update(part.bytes)
        else for await (const bytes of content(part.artifact)) tar.update(bytes)
      }
      const diffId = tar.digest('hex')
      yield utf8(diffId)
      return diffId
    },
  }
}

/** Where everything lies on a machine; what a distribution brings is mounted into it. */
function layerEntries(spec: ReleaseSpec): readonly ArchiveEntry[] {
  return [
    directory('etc'),
    directory(CONFIG_FOLDER),
    directory('opt'),
    directory(PROGRAM_FOLDER),
    own(`${PROGRAM_FOLDER}/installed-by`, utf8('oci\n')),
    ...seedEntries(spec, `${PROGRAM_FOLDER}/seed`),
    {
      kind: 'file',
      path: `${PROGRAM_FOLDER}/${LAUNCHER_FILE}`,
      mode: 0o755,
      content: { kind: 'artifact', artifact: spec.launcher },
    },
    directory('var'),
    directory('var/lib'),
    // A volume that is new takes owner and mode from the folder that it is mounted on.
    { kind: 'directory', path: STATE_FOLDER, mode: 0o700, owner: IMAGE_USER },
  ]
}

function own(path: string, bytes: Uint8Array): ArchiveEntry {
  return { kind: 'file', path, mode: 0o644, content: { kind: 'bytes', bytes } }
}

function formOf(spec: ReleaseSpec) {
  return { prefix: '', timestamp: spec.timestamp }
}

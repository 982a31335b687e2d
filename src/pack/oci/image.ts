/**
 * A container image (OCI image 1.1) of one version of the agent, for each processor that it was
 * built for. It is the image of a release, not of a distribution: who it belongs to is mounted as
 * `enrolment.json` when it is run. Two layers: the C library and the certificates that it needs of
 * Debian, the same for every version, and the agent, whose bytes are the release's artifacts.
 *
 * For every reader of gzip files of several members: Go's compress/gzip reads them as one, and with
 * it containers/image (podman, skopeo, CRI-O, buildah), docker and containerd; where containerd
 * finds `unpigz` or `igzip` it uses that, which reads them too. The C library is glibc, so builds
 * with musl are left out.
 */
import type { Digest } from '../../base/digest.ts'
import type { Arch, Target } from '../../base/platform.ts'
import { checkPackageSpec } from '../check-spec.ts'
import type { ReleaseSpec } from '../package-spec.ts'
import type { DerivedPart, Segment, WriterNeeds } from '../writer.ts'
import {
  configDocument,
  type Document,
  digestOfDocument,
  indexDocument,
  manifestDocument,
} from './_documents.ts'
import { type BaseLayer, basePart, layersOf } from './_layer.ts'
import { MEDIA_TYPES, type MediaType } from './media-types.ts'

/** Another one whenever the same release gives another image. */
export const IMAGE_RECIPE = 'oci-image-1'

export type ImageBlob = {
  readonly digest: Digest
  readonly mediaType: MediaType
  readonly segments: readonly Segment[]
}

export type WrittenImage = {
  /** Names the image: its index, which is one of the blobs. */
  readonly digest: Digest
  /** Everything that a client asks for, each once. */
  readonly blobs: readonly ImageBlob[]
}

export type BaseLayers = Readonly<Record<Arch, BaseLayer>>

const OCI = { format: 'oci', supports } as const
const NOBODYS = new Uint8Array()

export function supports(target: Target): boolean {
  return target.platform === 'linux' && target.libc === 'glibc'
}

/** What images of a build stand on: an image that was made is not asked for it again. */
export function imagePartsAhead({ arch }: Target, bases: BaseLayers): readonly DerivedPart[] {
  return [basePart(bases[arch])]
}

/** Builds of one version, one for each processor. The same ones give the same image. */
export async function writeImage(
  builds: readonly [ReleaseSpec, ...ReleaseSpec[]],
  bases: BaseLayers,
  needs: Pick<WriterNeeds, 'derive' | 'digestOf'>,
): Promise<WrittenImage> {
  const blobs = new Map<Digest, ImageBlob>()
  const keep = (document: Document) => {
    const digest = digestOfDocument(document)
    const { mediaType, bytes } = document
    blobs.set(digest, { digest, mediaType, segments: [{ kind: 'bytes', bytes }] })
    return document
  }
  const manifests = []
  for (const spec of builds) {
    checkPackageSpec(OCI, { ...spec, enrolment: NOBODYS })
    const layers = await layersOf(spec, bases[spec.target.arch], needs)
    for (const { digest, segments } of layers) {
      blobs.set(digest, { digest, mediaType: MEDIA_TYPES.layer, segments })
    }
    const config = keep(configDocument(spec, layers))
    manifests.push({ spec, manifest: keep(manifestDocument(spec, config, layers)) })
  }
  const newest = builds.reduce((left, right) => (right.timestamp > left.timestamp ? right : left))
  const index = keep(indexDocument(newest, manifests))
  return { digest: digestOfDocument(index), blobs: [...blobs.values()] }
}

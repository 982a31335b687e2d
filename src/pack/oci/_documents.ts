/**
 * The JSON of an image (OCI image 1.1): what to run, what it is made of, and which of them is for
 * which processor. Written key by key in one order, so the same image has the same digests.
 */
import { utf8 } from '../../base/bytes.ts'
import { type Digest, digestOf } from '../../base/digest.ts'
import type { Arch } from '../../base/platform.ts'
import { aboutOf, HOMEPAGE, MAINTAINER } from '../linux/about.ts'
import { LAUNCHER_PATH } from '../linux/systemd-unit.ts'
import type { ReleaseSpec } from '../package-spec.ts'
import { lengthOf } from '../writer.ts'
import { IMAGE_USER, type Layer } from './_layer.ts'
import { MEDIA_TYPES, type MediaType } from './media-types.ts'

/** Go's names for processors, which OCI uses (image 1.1, "Image Index", platform). */
export const OCI_ARCHES: Readonly<Record<Arch, string>> = { x64: 'amd64', arm64: 'arm64' }

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export type Document = { readonly mediaType: MediaType; readonly bytes: Uint8Array }

export function configDocument(spec: ReleaseSpec, layers: readonly Layer[]): Document {
  const created = dateOf(spec.timestamp)
  return document(MEDIA_TYPES.config, {
    created,
    author: MAINTAINER,
    architecture: OCI_ARCHES[spec.target.arch],
    os: 'linux',
    config: {
      User: `${IMAGE_USER}:${IMAGE_USER}`,
      // What the service of a package is started with.
      Env: [`PATH=${PATH}`, 'LANG=C.UTF-8'],
      Entrypoint: [LAUNCHER_PATH, 'run'],
      WorkingDir: '/',
      Labels: annotationsOf(spec),
      StopSignal: 'SIGTERM',
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => `sha256:${diffId}`) },
    history: layers.map((_, index) => ({
      created,
      created_by: index === 0 ? 'files of Debian packages' : `${spec.name} ${spec.version}`,
    })),
  })
}

export function manifestDocument(
  spec: ReleaseSpec,
  config: Document,
  layers: readonly Layer[],
): Document {
  return document(MEDIA_TYPES.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: descriptorOf(config),
    layers: layers.map(({ digest, segments }) => ({
      mediaType: MEDIA_TYPES.layer,
      digest: `sha256:${digest}`,
      size: lengthOf(segments),
    })),
    annotations: annotationsOf(spec),
  })
}

export type PlatformManifest = { readonly spec: ReleaseSpec; readonly manifest: Document }

export function indexDocument(
  newest: ReleaseSpec,
  manifests: readonly PlatformManifest[],
): Document {
  return document(MEDIA_TYPES.index, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.index,
    manifests: manifests.map(({ spec, manifest }) => ({
      ...descriptorOf(manifest),
      platform: { architecture: OCI_ARCHES[spec.target.arch], os: 'linux' },
    })),
    annotations: annotationsOf(newest),
  })
}

export function digestOfDocument({ bytes }: Document): Digest {
  return digestOf(bytes)
}

function descriptorOf({ mediaType, bytes }: Document) {
  return { mediaType, digest: `sha256:${digestOf(bytes)}`, size: bytes.length }
}

/** OCI image 1.1, "Annotations": the keys that are defined there. */
function annotationsOf(spec: ReleaseSpec): Readonly<Record<string, string>> {
  return {
    'org.opencontainers.image.created': dateOf(spec.timestamp),
    'org.opencontainers.image.title': spec.name,
    'org.opencontainers.image.description': aboutOf(spec.description).synopsis,
    'org.opencontainers.image.version': spec.version,
    'org.opencontainers.image.vendor': 'Drydock',
    'org.opencontainers.image.url': HOMEPAGE,
  }
}

/** RFC 3339, section 5.6, without the fraction. */
function dateOf(timestamp: number): string {
  return new Date(timestamp * 1000).toISOString().replace('.000Z', 'Z')
}

function document(mediaType: MediaType, value: object): Document {
  return { mediaType, bytes: utf8(JSON.stringify(value)) }
}

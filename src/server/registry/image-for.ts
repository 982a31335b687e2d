/**
 * The image of a version: made when its release is published, found afterwards. Nothing of it is
 * copied: what is stored are the few bytes of its own and the names of the artifacts between them.
 */
import type { Clock } from '../../base/clock.ts'
import { type Digest, digestOf } from '../../base/digest.ts'
import { Fault } from '../../base/fault.ts'
import { type AgentVersion, isAgentVersion } from '../../base/version.ts'
import type { Release } from '../../domain/release/release.ts'
import { type BaseLayers, IMAGE_RECIPE, supports, writeImage } from '../../pack/oci/image.ts'
import type { WriterNeeds } from '../../pack/writer.ts'
import { loadImage, type StoredImage, saveImage } from '../../store/images.ts'
import type { Database } from '../../store/open.ts'
import { loadReleases } from '../../store/releases.ts'
import { segmentsToText } from '../stored-segments.ts'
import { loadReleaseSpecs } from '../work/release-specs.ts'
import { type Image, imageOf } from './image-reference.ts'

export type ImageNeeds = {
  readonly database: Database
  readonly clock: Clock
  readonly settings: { readonly publicUrl: string }
  readonly writerNeeds: Pick<WriterNeeds, 'derive' | 'digestOf'>
  readonly imageBases: () => Promise<BaseLayers>
}

/** Of all builds of the version for Linux with glibc that are offered now. */
export async function imageFor(needs: ImageNeeds, version: AgentVersion): Promise<Image> {
  const { digest } = await imageOfBuilds(needs, version, await loadBuilds(needs, version))
  return imageOf(needs.settings.publicUrl, version, `sha256:${digest}`)
}

/**
 * What a tag names: the image of what is offered now, made if need be. One of a version that was
 * withdrawn stays. Null: there is none.
 */
export async function digestOfTag(needs: ImageNeeds, tag: string): Promise<Digest | null> {
  if (!isAgentVersion(tag)) return null
  const builds = await loadBuilds(needs, tag)
  if (builds.length > 0) return (await imageOfBuilds(needs, tag, builds)).digest
  return (await loadImage(needs.database.read, tag))?.digest ?? null
}

/** Whether an image can be made of it: images are what glibc's builds run in. */
export function isInImages(release: Release): boolean {
  return release.withdrawnAt === null && supports(release.target)
}

async function loadBuilds(needs: ImageNeeds, version: AgentVersion): Promise<readonly Release[]> {
  const wanted = { platform: 'linux', versions: [version] } as const
  return (await loadReleases(needs.database.read, wanted)).filter(isInImages)
}

async function imageOfBuilds(
  needs: ImageNeeds,
  version: AgentVersion,
  builds: readonly Release[],
): Promise<StoredImage> {
  const bases = await needs.imageBases()
  const madeOf = digestOf(
    JSON.stringify([
      IMAGE_RECIPE,
      builds.map(({ manifestDigest }) => manifestDigest).sort(),
      [bases.x64.digest, bases.arm64.digest],
    ]),
  )
  const known = await loadImage(needs.database.read, version)
  return known?.madeOf === madeOf ? known : await makeImage(needs, { version, madeOf }, builds)
}

async function makeImage(
  needs: ImageNeeds,
  { version, madeOf }: Pick<StoredImage, 'version' | 'madeOf'>,
  builds: readonly Release[],
): Promise<StoredImage> {
  const [first, ...others] = await loadReleaseSpecs(needs.database.read, builds)
  if (first === undefined) {
    const doing = `making an image of ${version}, which is offered for no Linux with glibc`
    throw new Fault({ code: 'image-impossible', doing, retry: 'never' })
  }
  const written = await writeImage([first, ...others], await needs.imageBases(), needs.writerNeeds)
  const image = { version, madeOf, digest: written.digest }
  const blobs = written.blobs.map(({ digest, mediaType, segments }) => {
    return { digest, mediaType, segments: segmentsToText(segments) }
  })
  await needs.database.write((tx) => saveImage(tx, image, blobs, needs.clock.now()))
  return image
}

/**
 * Releases as writers want them: what the store knows of a version's builds, and which builds go
 * into one package of a format.
 */
import { type Digest, isDigest } from '../../base/digest.ts'
import { invariant } from '../../base/invariant.ts'
import type { Manifest } from '../../contract/manifest.ts'
import type { Release } from '../../domain/release/release.ts'
import type { ArtifactRef, Build, ReleaseSpec } from '../../pack/package-spec.ts'
import type { PackageWriter } from '../../pack/writer.ts'
import type { Reader } from '../../store/open.ts'
import { loadArtifacts, loadEnvelope, type StoredArtifact } from '../../store/releases.ts'
import { manifestIn } from '../release-content.ts'

const DESCRIPTION = 'Drydock agent'
const LIBC_ORDER = ['glibc', 'musl', 'none'] as const
const ARCH_ORDER = ['x64', 'arm64'] as const

/** Of builds of one version: glibc before musl, x64 before arm64. */
export async function loadReleaseSpecs(
  read: Reader,
  releases: readonly Release[],
): Promise<readonly ReleaseSpec[]> {
  const specs: ReleaseSpec[] = []
  for (const release of releases.toSorted(byTarget))
    specs.push(await loadReleaseSpec(read, release))
  return specs
}

/**
 * One for each package of the format: the first build of each processor, or all in one. glibc comes
 * first: a format that takes both is made for the more common one.
 */
export function specsFor(
  writer: PackageWriter,
  specs: readonly ReleaseSpec[],
): readonly ReleaseSpec[] {
  const supported = specs.filter(({ target }) => writer.supports(target))
  if (!writer.takesAllTargets) {
    const byArch = Map.groupBy(supported, ({ target }) => target.arch)
    return [...byArch.values()].flatMap((each) => each.slice(0, 1))
  }
  const [first, ...others] = supported
  if (first === undefined) return []
  // One time for all, the first: what was made before the last build was published stays as it is.
  const timestamp = Math.min(...supported.map((each) => each.timestamp))
  return [{ ...first, timestamp, otherBuilds: others.map(buildOf) }]
}

function buildOf({ target, launcher, files, manifest }: ReleaseSpec): Build {
  return { target, launcher, files, manifest }
}

function byTarget({ target: left }: Release, { target: right }: Release): number {
  return (
    LIBC_ORDER.indexOf(left.libc) - LIBC_ORDER.indexOf(right.libc) ||
    ARCH_ORDER.indexOf(left.arch) - ARCH_ORDER.indexOf(right.arch)
  )
}

async function loadReleaseSpec(read: Reader, release: Release): Promise<ReleaseSpec> {
  const { manifestDigest, target, version } = release
  const envelope = await loadEnvelope(read, manifestDigest)
  invariant(envelope !== undefined, 'a release has its envelope')
  const manifest = manifestIn(envelope, manifestDigest)
  const digests = [manifest.launcher, ...manifest.files].map((each) => each.digest)
  const artifacts = await loadArtifacts(read, digests.filter(isDigest))
  return {
    name: 'drydock-agent',
    target,
    version,
    timestamp: Math.floor(release.publishedAt / 1000),
    description: DESCRIPTION,
    launcher: refOf(artifacts, manifest.launcher),
    files: manifest.files.map((file) => {
      return { path: file.path, executable: file.executable, artifact: refOf(artifacts, file) }
    }),
    manifest: envelope,
    otherBuilds: [],
  }
}

/** MD5 is the store's own knowledge; everything else is as it was signed. */
function refOf(
  artifacts: ReadonlyMap<Digest, StoredArtifact>,
  signed: Manifest['launcher'],
): ArtifactRef {
  const stored = isDigest(signed.digest) ? artifacts.get(signed.digest) : undefined
  invariant(stored?.gzipDigest === signed.gzip_digest, 'a release is made of stored artifacts')
  return stored
}

/**
 * The Android package: the release's app, the distribution's enrolment, and a signature by the
 * instance's Android key. For Android 9 (API 28) and later, on any processor: the app has no code
 * of a processor's own, so one package holds the manifests of all builds of its version, and the
 * device reads its own. Android replaces an installed app only by a package of the same key, so the
 * key is the same for every package of an instance, for ever.
 */
import type { Digest } from '../../base/digest.ts'
import { Fault } from '../../base/fault.ts'
import type { Target } from '../../base/platform.ts'
import { storedEntry, type ZipEntry, zipEnd, zipRun } from '../archive/zip.ts'
import { checkPackageSpec, refusePackage } from '../check-spec.ts'
import type { Build, PackageSpec, ReleaseSpec } from '../package-spec.ts'
import { sliceSegments } from '../slice-segments.ts'
import { lengthOf, type PackageWriter, type Segment, type WriterNeeds } from '../writer.ts'
import { type BaseEntries, BaseFlaw, baseEntries, basePart } from './_base.ts'
import { CHUNK_BYTES, chunkPrefix, digestOfChunks, signingBlock } from './_signing-block.ts'
import { manifestVersion, VERSION_LIMITS } from './_version.ts'

/** The app's name to Android; device policies and the QR code name it, too. */
export const ANDROID_PACKAGE = 'dev.drydock.agent'
/** The one file of a release for Android: the app without enrolment and signature. */
const BASE_FILE = 'agent.apk'

export const apkWriter: PackageWriter = {
  format: 'apk',
  kind: 'standalone',
  takesAllTargets: true,
  mediaType: 'application/vnd.android.package-archive',
  supports,
  fileName: (spec) => `${spec.name}-${spec.version}-android.apk`,
  partsAhead(spec) {
    const version = manifestVersion(spec.version)
    return version === null ? [] : [basePart(spec, version)]
  },
  write: async (spec, needs) => {
    const enrolment = storedEntry('assets/enrolment.json', spec.enrolment)
    return await writeApk(spec, [enrolment], needs)
  },
}

/**
 * The package that an installed agent upgrades to: the same for all of the instance, because it
 * brings no enrolment. The agent keeps its own.
 */
export async function writeUpgradeApk(
  release: ReleaseSpec,
  needs: WriterNeeds,
): Promise<readonly Segment[]> {
  return await writeApk({ ...release, enrolment: new Uint8Array(0) }, [], needs)
}

function supports(target: Target): boolean {
  return target.platform === 'android' && target.libc === 'none'
}

async function writeApk(
  spec: PackageSpec,
  stamp: readonly ZipEntry[],
  needs: WriterNeeds,
): Promise<readonly Segment[]> {
  checkPackageSpec(apkWriter, spec)
  const version = manifestVersion(spec.version)
  if (version === null) {
    refusePackage(apkWriter, spec, `Android orders versions up to ${VERSION_LIMITS}`)
  }
  const builds = [spec, ...spec.otherBuilds]
  const flaw = builds.map((build) => flawOfBuild(build, spec)).find((each) => each !== null)
  if (flaw !== undefined) refusePackage(apkWriter, spec, flaw)
  const base = await entriesOf(spec, needs, basePart(spec, version))
  const manifests = builds.map(({ target, manifest }) =>
    storedEntry(`assets/manifest-${target.arch}.json`, manifest),
  )
  return await signedSegments(base, [...manifests, ...stamp], needs)
}

function flawOfBuild(build: Build, spec: PackageSpec): string | null {
  const other = build.files.find(({ path }) => path !== BASE_FILE)
  if (other !== undefined) return `it has no place for the path ${JSON.stringify(other.path)}`
  if (!supports(build.target)) return 'a build is for another platform'
  const isSame = build.launcher.digest === spec.launcher.digest
  return isSame ? null : 'the builds for its processors are not the same app'
}

async function entriesOf(
  spec: PackageSpec,
  needs: WriterNeeds,
  part: ReturnType<typeof basePart>,
): Promise<BaseEntries> {
  try {
    return await baseEntries(part, needs)
  } catch (error) {
    const flaw = flawIn(error)
    if (flaw === null) throw error
    return refusePackage(apkWriter, spec, `the release's app: ${flaw}`)
  }
}

/** The store wraps what goes wrong while it writes. */
function flawIn(error: unknown): string | null {
  if (error instanceof BaseFlaw) return error.message
  return error instanceof Fault && error.cause instanceof BaseFlaw ? error.cause.message : null
}

async function signedSegments(
  base: BaseEntries,
  stamp: readonly ZipEntry[],
  needs: WriterNeeds,
): Promise<readonly Segment[]> {
  const stamped = zipRun(stamp, base.size)
  const entries: readonly Segment[] = [
    { kind: 'artifact', digest: base.digest, offset: 0, length: base.size },
    { kind: 'bytes', bytes: stamped.local },
  ]
  const central = Buffer.concat([base.central, stamped.central])
  const directory = { count: base.count + stamped.count, size: central.length }
  const offset = lengthOf(entries)
  // Digested as if the block were not there: the end names the place where it begins.
  const unsigned = [entries, [own(central)], [own(zipEnd({ ...directory, offset }))]]
  const digest = digestOfChunks(await chunkDigests(unsigned, needs))
  const block = await signingBlock(digest, await needs.androidKey())
  const end = zipEnd({ ...directory, offset: offset + block.length })
  return [...entries, own(Buffer.concat([block, central, end]))]
}

/** Of the pieces of each section; a section begins a piece of its own. */
async function chunkDigests(
  sections: readonly (readonly Segment[])[],
  needs: WriterNeeds,
): Promise<readonly Digest[]> {
  const digests: Digest[] = []
  for (const section of sections) {
    const length = lengthOf(section)
    for (let at = 0; at < length; at += CHUNK_BYTES) {
      const piece = Math.min(CHUNK_BYTES, length - at)
      const chunk = sliceSegments(section, { offset: at, length: piece })
      digests.push(await needs.digestOf([own(chunkPrefix(piece)), ...chunk]))
    }
  }
  return digests
}

function own(bytes: Uint8Array): Segment {
  return { kind: 'bytes', bytes }
}

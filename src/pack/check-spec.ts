/**
 * The last look at a spec before its bytes are written. Releases were checked when they were
 * published; this check stands by itself all the same, because the result is unpacked by root on
 * every endpoint: a path that climbs out, or a field too wide for its header, must not become a
 * package whatever happened before.
 */
import { isDigest } from '../base/digest.ts'
import { Fault } from '../base/fault.ts'
import { targetName } from '../base/platform.ts'
import { isAgentVersion } from '../base/version.ts'
import type { ArtifactRef, Build, PackageSpec } from './package-spec.ts'
import type { PackageWriter } from './writer.ts'

/**
 * As large as an artifact may be anywhere in the product; every size field of every format holds
 * it.
 */
export const ARTIFACT_SIZE_MAX = 2 * 1024 ** 3
export const PACKAGED_FILES_MAX = 10_000
/**
 * Characters. Below the 255 bytes of a file name and far below the 4096 of a path, whatever the
 * prefix.
 */
export const PATH_LENGTH_MAX = 200
/**
 * Bytes of one name in a path: file systems take 255, of which dpkg wants nine for its `.dpkg-new`.
 */
export const NAME_BYTES_MAX = 240
/** An envelope is the manifest in base64: a third more than the manifest's own 4 MiB, and some. */
export const MANIFEST_SIZE_MAX = 6 * 1024 ** 2
export const ENROLMENT_SIZE_MAX = 64 * 1024
/** The year 2242: eleven octal digits of a tar header hold it. */
export const TIMESTAMP_MAX = 8 ** 11 - 1

/** The name that the version directory keeps for the signed manifest. */
const RESERVED = 'manifest.json'

/** What is said of a writer when it refuses. */
type Refusing = Pick<PackageWriter, 'supports'> & { readonly format: string }

export function checkPackageSpec(writer: Refusing, spec: PackageSpec): void {
  const flaw = flawOfFields(spec)
  if (flaw !== null) refusePackage(writer, spec, flaw)
  for (const build of [spec, ...spec.otherBuilds]) {
    const flawOfOne = flawOfBuild(writer, build)
    if (flawOfOne !== null) refusePackage(writer, { ...spec, target: build.target }, flawOfOne)
  }
}

function flawOfBuild(writer: Refusing, build: Build): string | null {
  if (!writer.supports(build.target)) return `${targetName(build.target)} is not supported`
  if (build.manifest.length > MANIFEST_SIZE_MAX) return 'the manifest is too large'
  if (build.files.length > PACKAGED_FILES_MAX) return 'too many files'
  return flawOfArtifact(build.launcher, 'the launcher') ?? flawOfFiles(build)
}

export function refusePackage(writer: Refusing, spec: PackageSpec, why: string): never {
  throw new Fault({
    code: 'package-refused',
    doing: `writing ${writer.format} of ${spec.version} for ${targetName(spec.target)}: ${why}`,
    retry: 'never',
  })
}

function flawOfFields(spec: PackageSpec): string | null {
  if (!isAgentVersion(spec.version)) return 'the version is no version'
  if (!isCount(spec.timestamp, TIMESTAMP_MAX)) return 'the timestamp is out of range'
  if (spec.enrolment.length > ENROLMENT_SIZE_MAX) return 'the enrolment is too large'
  return null
}

function flawOfFiles(build: Build): string | null {
  const files = new Set<string>()
  const folders = new Set<string>()
  for (const file of build.files) {
    const name = JSON.stringify(file.path)
    if (!isPortablePath(file.path)) return `the path ${name} is not portable`
    if (file.path === RESERVED || file.path.startsWith(`${RESERVED}/`)) return `${name} is reserved`
    if (files.has(file.path)) return `the path ${name} is there twice`
    files.add(file.path)
    for (const folder of foldersAbove(file.path)) folders.add(folder)
    const flaw = flawOfArtifact(file.artifact, name)
    if (flaw !== null) return flaw
  }
  const both = [...files].find((path) => folders.has(path))
  return both === undefined ? null : `${JSON.stringify(both)} is a file and a folder`
}

function flawOfArtifact(artifact: ArtifactRef, name: string): string | null {
  if (!isCount(artifact.size, ARTIFACT_SIZE_MAX)) return `the size of ${name} is out of range`
  if (!isCount(artifact.gzipSize, ARTIFACT_SIZE_MAX + ARTIFACT_SIZE_MAX / 100)) {
    return `the compressed size of ${name} is out of range`
  }
  if (!isDigest(artifact.digest) || !isDigest(artifact.gzipDigest)) return `${name} has no digest`
  return /^[0-9a-f]{32}$/.test(artifact.md5) ? null : `${name} has no MD5`
}

function isCount(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max
}

/** Stays inside its folder, and means the same to tar, to a checksum list and to a shell. */
function isPortablePath(path: string): boolean {
  if (path.length > PATH_LENGTH_MAX || /[\\:\p{Cc}]/u.test(path) || !path.isWellFormed())
    return false
  return path
    .split('/')
    .every((name) => !['', '.', '..'].includes(name) && Buffer.byteLength(name) <= NAME_BYTES_MAX)
}

/** `a/b/c` -> `a`, `a/b`. */
export function foldersAbove(path: string): readonly string[] {
  const names = path.split('/')
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'))
}

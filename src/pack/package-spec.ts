/**
 * What to package, in no format's words. A writer maps it to its format; nothing in here says deb
 * or rpm, and nothing in it changes with the day or the machine.
 */
import type { Digest } from '../base/digest.ts'
import type { Target } from '../base/platform.ts'
import type { AgentVersion } from '../base/version.ts'

/** Immutable bytes that were compressed once, when their release was published. */
export type ArtifactRef = {
  readonly digest: Digest
  readonly size: number
  /** MD5 in hex: package formats list it for `debsums` and its like; no security rests on it. */
  readonly md5: string
  /** The artifact as exactly one gzip member. */
  readonly gzipDigest: Digest
  readonly gzipSize: number
}

export type PackagedFile = {
  /** Relative to the version directory, forward slashes: `agent.mjs`, `payload/bin/x`. */
  readonly path: string
  readonly executable: boolean
  readonly artifact: ArtifactRef
}

/** What runs on one target. */
export type Build = {
  readonly target: Target
  readonly launcher: ArtifactRef
  /** The version directory, sorted by path. */
  readonly files: readonly PackagedFile[]
  /** The signed manifest envelope, as the bytes to be installed as `manifest.json`. */
  readonly manifest: Uint8Array
}

/** What is the same for every distribution of a version. */
export type ReleaseSpec = Build & {
  /** The package's name for its installer; also names the program folder and the service. */
  readonly name: 'drydock-agent'
  readonly version: AgentVersion
  /**
   * Seconds since 1970: the release's publishing time, used for every time stamp inside the
   * package.
   */
  readonly timestamp: number
  readonly description: string
  /** Builds for other targets that go into the same package; none where a format takes one. */
  readonly otherBuilds: readonly Build[]
}

export type PackageSpec = ReleaseSpec & {
  /** `enrolment.json`, as bytes; holds the enrolment token. */
  readonly enrolment: Uint8Array
}

import type { Digest } from '../../base/digest.ts'
import type { Target } from '../../base/platform.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { AgentVersion } from '../../base/version.ts'
import { isSameFloors, NO_FLOORS, type ReleaseFloors } from './floors.ts'
import type { Release } from './release.ts'

export type PublishRelease = {
  readonly manifestDigest: Digest
  readonly version: AgentVersion
  readonly target: Target
  readonly launcher: Digest
  readonly files: readonly {
    readonly path: string
    readonly digest: Digest
    readonly executable: boolean
  }[]
  /** The operator's program relative to `payload/`; null for a release without payload. */
  readonly payloadProgram: string | null
  /** Null: none, or those that it has. */
  readonly floors: ReleaseFloors | null
}

/**
 * What is already there: the release of this version and target, and which artifacts are stored.
 */
export type PublishReleaseView = {
  readonly existing: Release | null
  readonly storedArtifacts: ReadonlySet<Digest>
}

/** What the agent starts from; for Android the whole of it. */
const AGENT_ENTRY = 'agent.mjs'
const ANDROID_ENTRY = 'agent.apk'

/** In order of precedence: the first that applies is the answer. */
export type PublishReleaseRefusal =
  | { readonly code: 'path-repeated'; readonly path: string }
  | { readonly code: 'agent-entry-missing'; readonly entry: string }
  | { readonly code: 'android-takes-no-payload'; readonly path: string }
  | { readonly code: 'payload-program-missing'; readonly path: string }
  | { readonly code: 'payload-program-not-executable'; readonly path: string }
  | { readonly code: 'artifact-not-uploaded'; readonly digests: readonly Digest[] }
  | { readonly code: 'version-exists-with-other-content'; readonly manifestDigest: Digest }

export type ReleasePublished = {
  /** False when the very same release was published before: repeating is harmless. */
  readonly isNew: boolean
  readonly release: Release
  /** What its floors were, where they become others: they are not part of what is signed. */
  readonly floorsBefore: ReleaseFloors | null
}

export function decidePublishRelease(
  view: PublishReleaseView,
  command: PublishRelease,
  now: number,
): Result<ReleasePublished, PublishReleaseRefusal> {
  const refusal =
    refuseFiles(command) ?? refuseMissing(view, command) ?? refuseOtherContent(view, command)
  if (refusal !== null) return refuse(refusal)
  const { manifestDigest, version, target, floors } = command
  const { existing } = view
  if (existing === null) {
    const begun = { publishedAt: now, withdrawnAt: null, floors: floors ?? NO_FLOORS }
    const release = { manifestDigest, version, target, ...begun }
    return accept({ isNew: true, release, floorsBefore: null })
  }
  if (floors === null || isSameFloors(floors, existing.floors)) {
    return accept({ isNew: false, release: existing, floorsBefore: null })
  }
  const release = { ...existing, floors }
  return accept({ isNew: false, release, floorsBefore: existing.floors })
}

function refuseFiles(command: PublishRelease): PublishReleaseRefusal | null {
  const seen = new Set<string>()
  for (const file of command.files) {
    // Case folded: a version directory must mean the same on a case-insensitive disk.
    const path = file.path.toLowerCase()
    if (seen.has(path)) return { code: 'path-repeated', path: file.path }
    seen.add(path)
  }
  const isAndroid = command.target.platform === 'android'
  const entry = isAndroid ? ANDROID_ENTRY : AGENT_ENTRY
  if (!seen.has(entry)) return { code: 'agent-entry-missing', entry }
  const other = command.files.find(({ path }) => path !== entry)
  // The app is all that Android lets run, so nothing could be done with more.
  if (isAndroid && other !== undefined) {
    return { code: 'android-takes-no-payload', path: other.path }
  }
  if (command.payloadProgram === null) return null
  const path = `payload/${command.payloadProgram}`
  const program = command.files.find((file) => file.path === path)
  if (program === undefined) return { code: 'payload-program-missing', path }
  return program.executable ? null : { code: 'payload-program-not-executable', path }
}

function refuseMissing(
  view: PublishReleaseView,
  command: PublishRelease,
): PublishReleaseRefusal | null {
  const wanted = new Set([command.launcher, ...command.files.map((file) => file.digest)])
  const digests = [...wanted.difference(view.storedArtifacts)].toSorted()
  return digests.length === 0 ? null : { code: 'artifact-not-uploaded', digests }
}

function refuseOtherContent(
  view: PublishReleaseView,
  command: PublishRelease,
): PublishReleaseRefusal | null {
  if (view.existing === null || view.existing.manifestDigest === command.manifestDigest) return null
  return { code: 'version-exists-with-other-content', manifestDigest: view.existing.manifestDigest }
}

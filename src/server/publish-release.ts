/**
 * A release comes into being: its manifest is built from what was uploaded, signed, decided on and
 * stored. The same order over the same artifacts gives the same manifest, byte for byte, so
 * publishing again is harmless.
 */
import { utf8 } from '../base/bytes.ts'
import type { Clock, Instant } from '../base/clock.ts'
import { type Digest, digestOf } from '../base/digest.ts'
import { invariant } from '../base/invariant.ts'
import type { Target } from '../base/platform.ts'
import { type Result, refuse } from '../base/result.ts'
import type { AgentVersion } from '../base/version.ts'
import {
  LAUNCHER_PROTOCOL,
  MANIFEST_BYTES_MAX,
  MANIFEST_PAYLOAD_TYPE,
  MANIFEST_SCHEMA,
  type Manifest,
  type ManifestPayload,
} from '../contract/manifest.ts'
import type { ReleaseFloors } from '../domain/release/floors.ts'
import {
  decidePublishRelease,
  type PublishReleaseRefusal,
  type ReleasePublished,
} from '../domain/release/publish-release.ts'
import { type AuditedParty, saveAudit } from '../store/audit.ts'
import type { Writer } from '../store/open.ts'
import {
  lockPublishReleaseView,
  type StoredArtifact,
  saveRelease,
  saveReleaseFloors,
} from '../store/releases.ts'
import type { SigningKey } from '../trust/keys.ts'
import { signEnvelope } from '../trust/sign.ts'
import { type CatalogueNeeds, loadPresentArtifacts } from './present-artifacts.ts'

export type PublishNeeds = CatalogueNeeds & {
  readonly clock: Clock
  readonly signingKey: SigningKey
  readonly wakePreparing: () => void
  readonly wakePolicies: () => void
}

export type PublishRefusal =
  | PublishReleaseRefusal
  | { readonly code: 'manifest-too-large'; readonly bytes: number; readonly limitBytes: number }

export type ReleaseOrder = {
  readonly version: AgentVersion
  readonly target: Target
  readonly notes: string | null
  readonly launcher: Digest
  readonly files: readonly {
    readonly path: string
    readonly digest: Digest
    readonly executable: boolean
  }[]
  readonly payload: ManifestPayload | null
  /** Null: none, or those that it has. */
  readonly floors: ReleaseFloors | null
}

/**
 * No bytes have this digest: it stands for a manifest that could not be built, and is never stored.
 */
const NO_MANIFEST = utf8('')

export async function publishRelease(
  needs: PublishNeeds,
  order: ReleaseOrder,
  by: AuditedParty,
): Promise<Result<ReleasePublished, PublishRefusal>> {
  const { version, target, notes, launcher, files } = order
  const digests = [...new Set([launcher, ...files.map((file) => file.digest)])]
  const present = await loadPresentArtifacts(needs, digests)
  const isWhole = digests.every((digest) => present.has(digest))
  const manifest = isWhole ? manifestBytes(order, present) : NO_MANIFEST
  const manifestDigest = digestOf(manifest)
  const payloadProgram = order.payload?.run[0] ?? null
  const { floors } = order
  const command = { manifestDigest, version, target, launcher, files, payloadProgram, floors }
  const now = needs.clock.now()
  type Published = Result<ReleasePublished, PublishRefusal>
  const published = await needs.database.write<Published>(async (tx) => {
    const stored = await lockPublishReleaseView(tx, { version, target, digests })
    // What is known and not there is as good as never sent.
    const storedArtifacts = stored.storedArtifacts.intersection(new Set(present.keys()))
    const decided = decidePublishRelease({ ...stored, storedArtifacts }, command, now)
    if (!decided.ok) return decided
    if (!decided.value.isNew) {
      await saveOtherFloors(tx, decided.value, by, now)
      return decided
    }
    invariant(isWhole, 'a release has all of its artifacts')
    // Agents read no larger one: it would be offered everywhere and taken nowhere.
    if (manifest.length > MANIFEST_BYTES_MAX) {
      const bytes = manifest.length
      return refuse({ code: 'manifest-too-large', bytes, limitBytes: MANIFEST_BYTES_MAX })
    }
    const envelope = signEnvelope(MANIFEST_PAYLOAD_TYPE, manifest, [needs.signingKey])
    const made = { notes, publishedBy: by.name, withdrawnBy: null, withdrawnReason: null }
    const release = { ...decided.value.release, ...made }
    await saveRelease(tx, release, { envelope, artifacts: digests })
    await saveAudit(tx, {
      at: now,
      by,
      action: 'release.publish',
      subject: manifestDigest,
      result: 'success',
      reason: null,
      description: `Published version ${version} for ${target.platform} ${target.arch}`,
      before: null,
      after: { version, ...target, files: files.length, floors: release.floors },
    })
    return decided
  })
  if (published.ok && published.value.isNew) needs.wakePreparing()
  if (published.ok) needs.wakePolicies()
  return published
}

/** Of a release that is there: what is signed stays, whom it is for may change. */
async function saveOtherFloors(
  tx: Writer,
  published: ReleasePublished,
  by: AuditedParty,
  now: Instant,
): Promise<void> {
  const { release, floorsBefore } = published
  if (floorsBefore === null) return
  const { manifestDigest, version, target, floors } = release
  await saveReleaseFloors(tx, release)
  await saveAudit(tx, {
    at: now,
    by,
    action: 'release.publish',
    subject: manifestDigest,
    result: 'success',
    reason: null,
    description: `Changed the floors of version ${version} for ${target.platform} ${target.arch}`,
    before: { version, ...target, floors: floorsBefore },
    after: { version, ...target, floors },
  })
}

/** Field order and file order are part of the bytes. */
function manifestBytes(
  order: ReleaseOrder,
  artifacts: ReadonlyMap<Digest, StoredArtifact>,
): Uint8Array {
  const { payload } = order
  const files = order.files.map(({ path, digest, executable }) => {
    return { ...artifactRef(artifacts, digest), path, executable }
  })
  const manifest: Manifest = {
    schema: MANIFEST_SCHEMA,
    version: order.version,
    platform: order.target.platform,
    arch: order.target.arch,
    libc: order.target.libc,
    launcher: artifactRef(artifacts, order.launcher),
    launcher_protocol: LAUNCHER_PROTOCOL,
    files: files.toSorted((left, right) => (left.path < right.path ? -1 : 1)),
    payload: payload === null ? null : payloadInOrder(payload),
  }
  return utf8(JSON.stringify(manifest))
}

function payloadInOrder(payload: ManifestPayload): ManifestPayload {
  const { run, health, health_interval_s, health_timeout_s, stop_timeout_s } = payload
  return { run, health, health_interval_s, health_timeout_s, stop_timeout_s }
}

function artifactRef(
  artifacts: ReadonlyMap<Digest, StoredArtifact>,
  digest: Digest,
): Manifest['launcher'] {
  const artifact = artifacts.get(digest)
  invariant(artifact !== undefined, 'a manifest is built of artifacts that are there')
  const { size, gzipDigest, gzipSize } = artifact
  return { digest, size, gzip_digest: gzipDigest, gzip_size: gzipSize }
}

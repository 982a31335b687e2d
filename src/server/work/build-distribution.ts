/**
 * A distribution is built: for each build of its version, each format that takes it; for a cluster,
 * the one file that says what it is to run. Nothing is compressed or copied here; a package is a
 * list of segments between the artifacts of its release, so this costs milliseconds and kilobytes.
 * Building again gives the same bytes.
 */
import { utf8 } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { causeChain, Fault } from '../../base/fault.ts'
import { type DistributionId, isId } from '../../base/ids.ts'
import { invariant } from '../../base/invariant.ts'
import type { Installation } from '../../contract/agent/installation.ts'
import type { BuildFailedReason, Distribution } from '../../domain/distribution/distribution.ts'
import type { ReleaseSpec } from '../../pack/package-spec.ts'
import { FORMATS, type WriterNeeds } from '../../pack/writer.ts'
import { writers } from '../../pack/writers.ts'
import { loadDistribution, lockDistribution, saveBuildState } from '../../store/distributions.ts'
import type { Database } from '../../store/open.ts'
import { type StoredPackage, savePackages } from '../../store/packages.ts'
import { loadReleases } from '../../store/releases.ts'
import type { InstanceSecret } from '../../store/secret.ts'
import { loadSigningKeys } from '../../store/signing-keys.ts'
import { CERTIFICATE_EXPIRED } from '../code-signer.ts'
import { enrolmentToken } from '../enrolment-token.ts'
import type { Metrics } from '../metrics.ts'
import { NOBODY, type PackageModels } from '../package-models.ts'
import { packageToStore } from '../stored-package.ts'
import {
  buildClusterPackage,
  type ClusterBuildNeeds,
  isClusterKind,
} from './build-cluster-package.ts'
import { loadReleaseSpecs, specsFor } from './release-specs.ts'
import type { SaveOutcome } from './save-outcome.ts'

export type BuildNeeds = ClusterBuildNeeds & {
  readonly database: Database
  readonly secret: InstanceSecret
  readonly clock: Clock
  readonly settings: { readonly publicUrl: string }
  readonly writerNeeds: WriterNeeds
  readonly packageModels: Pick<PackageModels, 'of' | 'like'>
  readonly metrics: Pick<Metrics, 'built'>
}

export async function buildDistribution(needs: BuildNeeds, subject: string): Promise<SaveOutcome> {
  const id = distributionId(subject)
  const startedAt = needs.clock.monotonic()
  const distribution = await loadDistribution(needs.database.read, id)
  const isOpen = distribution?.state === 'requested' || distribution?.state === 'building'
  // It was built by another server, or deleted meanwhile: there is nothing left to do.
  if (distribution === undefined || !isOpen) return async () => {}
  const built = await buildPackages(needs, distribution)
  invariant('reason' in built || built.length > 0, 'what is ready has a package')
  const now = needs.clock.now()
  const ms = needs.clock.monotonic() - startedAt
  if ('reason' in built) {
    needs.metrics.built({ outcome: 'failed', ms })
    return async (tx) => {
      await saveBuildState(tx, distribution, { state: 'failed', ...built }, now)
    }
  }
  needs.metrics.built({ outcome: 'ready', ms })
  const ready = { state: 'ready', reason: null, message: null } as const
  return async (tx) => {
    // What was withdrawn, or holds a token that was revoked meanwhile, must not be kept.
    if (await saveBuildState(tx, distribution, ready, now)) await savePackages(tx, id, built)
  }
}

/** What a person reads when building was given up; the chain of causes is in the log. */
export function giveUpDistribution(
  needs: BuildNeeds,
  subject: string,
  error: unknown,
): SaveOutcome {
  const isExpired = error instanceof Fault && error.code === CERTIFICATE_EXPIRED
  const reason: BuildFailedReason = isExpired ? CERTIFICATE_EXPIRED : 'build-fault'
  const message = causeChain(error)[0] ?? null
  needs.metrics.built({ outcome: 'failed', ms: 0 })
  const failed = { state: 'failed', reason, message } as const
  return async (tx) => {
    const distribution = await lockDistribution(tx, distributionId(subject))
    if (distribution !== null) await saveBuildState(tx, distribution, failed, needs.clock.now())
  }
}

type BuildFailed = { readonly reason: BuildFailedReason; readonly message: string }

async function buildPackages(
  needs: BuildNeeds,
  distribution: Distribution,
): Promise<readonly StoredPackage[] | BuildFailed> {
  const { platform, version } = distribution.order
  const { read } = needs.database
  const releases = await loadReleases(read, { platform, versions: [version] })
  const offered = releases.filter((release) => release.withdrawnAt === null)
  if (offered.length === 0) {
    const reason = releases.length === 0 ? 'release-missing' : 'release-withdrawn'
    const what = releases.length === 0 ? 'is no longer there' : 'was withdrawn'
    return { reason, message: `version ${version} for ${platform} ${what}` }
  }
  const { kind } = distribution.order
  if (isClusterKind(kind)) {
    return [await buildClusterPackage(needs, distribution, { kind, releases: offered })]
  }
  const specs = await loadReleaseSpecs(read, offered)
  return await writePackages(needs, distribution, {
    specs,
    ...(await writeEnrolments(needs, distribution)),
  })
}

type Enrolments = {
  readonly enrolment: Uint8Array
  /** Of a distribution that nobody has, for the models of its packages. */
  readonly nobodys: Uint8Array
}

async function writePackages(
  needs: BuildNeeds,
  { id, order }: Distribution,
  content: Enrolments & { readonly specs: readonly ReleaseSpec[] },
): Promise<readonly StoredPackage[]> {
  const packages: StoredPackage[] = []
  for (const format of FORMATS) {
    const writer = writers[format]
    if (writer.kind !== order.kind) continue
    for (const release of specsFor(writer, content.specs)) {
      const spec = { ...release, enrolment: content.enrolment }
      const segments = await writer.write(spec, needs.writerNeeds)
      const model = await needs.packageModels.of(writer, { ...release, enrolment: content.nobodys })
      const place = { distributionId: id, format, arch: release.target.arch }
      const made = { fileName: writer.fileName(spec), segments, model }
      packages.push(packageToStore(needs.secret, place, made))
    }
  }
  return packages
}

async function writeEnrolments(needs: BuildNeeds, distribution: Distribution): Promise<Enrolments> {
  const { id, order, generation } = distribution
  const keys = await loadSigningKeys(needs.database.read)
  const installation: Installation = {
    schema: 1,
    server_url: needs.settings.publicUrl,
    distribution_id: id,
    token: enrolmentToken(needs.secret, id, generation),
    proxy: [...order.proxy],
    endpoint_tags: [...order.endpointTags],
    trusted_keys: keys.map(({ keyId, publicKey }) => ({ key_id: keyId, public_key: publicKey })),
  }
  const { distributionId: distribution_id, token } = NOBODY
  const nobodys = { ...installation, distribution_id, token, proxy: [], endpoint_tags: [] }
  return { enrolment: enrolmentBytes(installation), nobodys: enrolmentBytes(nobodys) }
}

function enrolmentBytes(installation: Installation): Uint8Array {
  return utf8(`${JSON.stringify(installation, null, 2)}\n`)
}

function distributionId(subject: string): DistributionId {
  invariant(isId(subject), 'an order to build names a distribution')
  return subject as DistributionId // Its spelling was just checked.
}

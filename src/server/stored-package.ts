import { createHash } from 'node:crypto'
import { type Digest, isDigest } from '../base/digest.ts'
import type { DistributionId } from '../base/ids.ts'
import { invariant } from '../base/invariant.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { lengthOf, type Segment } from '../pack/writer.ts'
import type { Artifacts } from '../store/artifacts.ts'
import { loadDistribution } from '../store/distributions.ts'
import type { Database } from '../store/open.ts'
import { loadPackages, type StoredPackage, savePackageSha256 } from '../store/packages.ts'
import type { InstanceSecret } from '../store/secret.ts'
import type { RequestRefusal } from './http/refusal.ts'
import { streamSegments } from './http/segment-stream.ts'
import type { PackageModel, PackageModels } from './package-models.ts'
import { packageTypeOf } from './package-type.ts'
import { openSegments, type PackagePlace, sealSegments } from './sealed-segments.ts'

export type PackageNeeds = {
  readonly database: Database
  readonly artifacts: Pick<Artifacts, 'openRead'>
  readonly secret: Pick<InstanceSecret, 'open'>
  readonly packageModels: Pick<PackageModels, 'named'>
}

/** The package of one type of a distribution that is ready. */
export async function findPackage(
  needs: Pick<PackageNeeds, 'database'>,
  id: DistributionId,
  packageType: string,
): Promise<Result<StoredPackage, RequestRefusal>> {
  const distribution = await loadDistribution(needs.database.read, id)
  if (distribution === undefined || distribution.state === 'withdrawn') {
    return refuse({ code: 'distribution-unknown', distributionId: id })
  }
  const { state, message } = distribution
  if (state !== 'ready') return refuse({ code: 'distribution-not-ready', state, message })
  const packages = await loadPackages(needs.database.read, id)
  const found = packages.find((each) => packageTypeOf(each) === packageType)
  if (found !== undefined) return accept(found)
  const supported = packages.map(packageTypeOf)
  return refuse({ code: 'package-not-in-distribution', packageType, supported })
}

/** A package as it is kept: its list sealed beside its model, its SHA-256 not asked for yet. */
export function packageToStore(
  secret: Pick<InstanceSecret, 'seal'>,
  place: PackagePlace,
  made: {
    readonly fileName: string
    readonly segments: readonly Segment[]
    readonly model: PackageModel
  },
): StoredPackage {
  const { fileName, segments, model } = made
  return {
    format: place.format,
    arch: place.arch,
    fileName,
    size: lengthOf(segments),
    ...sealSegments(secret, place, segments, model.bytes),
    modelKey: model.key,
    sha256: null,
  }
}

export async function segmentsOf(
  needs: Pick<PackageNeeds, 'secret' | 'packageModels'>,
  id: DistributionId,
  found: StoredPackage,
): Promise<readonly Segment[]> {
  const { format, arch, modelKey, sealedSegments } = found
  const model = modelKey === null ? null : await needs.packageModels.named(modelKey)
  return openSegments(needs.secret, { distributionId: id, format, arch }, sealedSegments, model)
}

/**
 * The SHA-256 of the package's bytes: computed when somebody first asks, because it is the one
 * thing about a package that needs all of its bytes read.
 */
export async function sha256Of(
  needs: PackageNeeds,
  id: DistributionId,
  found: StoredPackage,
): Promise<Digest> {
  if (found.sha256 !== null) return found.sha256
  const hash = createHash('sha256')
  const segments = await segmentsOf(needs, id, found)
  for await (const part of streamSegments(segments, needs.artifacts)) {
    hash.update(part)
  }
  const sha256 = hash.digest('hex')
  invariant(isDigest(sha256), 'a SHA-256 in hexadecimal is a digest')
  await needs.database.write((tx) => savePackageSha256(tx, id, found, sha256))
  return sha256
}

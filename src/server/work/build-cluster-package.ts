/**
 * A distribution for a cluster is built: one file that names the image of its version, and carries
 * what nodes need to pull it and to enrol. The image was made when the release was published, or is
 * made now.
 */
import { digestOf } from '../../base/digest.ts'
import type { Arch } from '../../base/platform.ts'
import type { Distribution } from '../../domain/distribution/distribution.ts'
import type { Release } from '../../domain/release/release.ts'
import { clusterPackages } from '../../pack/cluster-packages.ts'
import type { ClusterSpec } from '../../pack/kubernetes/cluster-spec.ts'
import { FLAVOURS, type Flavour } from '../../pack/kubernetes/flavours.ts'
import type { StoredPackage } from '../../store/packages.ts'
import type { InstanceSecret } from '../../store/secret.ts'
import { loadSigningKeys } from '../../store/signing-keys.ts'
import { enrolmentToken } from '../enrolment-token.ts'
import { NOBODY, type PackageModels } from '../package-models.ts'
import { type ImageNeeds, imageFor, isInImages } from '../registry/image-for.ts'
import { registryOf } from '../registry/image-reference.ts'
import { dockerConfig, pullCredentials } from '../registry/pull-credentials.ts'
import { packageToStore } from '../stored-package.ts'

export type ClusterBuildNeeds = ImageNeeds & {
  readonly secret: InstanceSecret
  readonly packageModels: Pick<PackageModels, 'like'>
}

type ClusterKind = keyof typeof clusterPackages

/** Where it is not said: as the documents recommend, and on nodes that take any pod. */
const NAMESPACE = 'cortex-xdr'
const FLAVOUR: Flavour = 'standard'

/** Packages are kept by processor; these have none, and lie where there is one of each. */
const ARCH: Arch = 'x64'

export function isClusterKind(kind: Distribution['order']['kind']): kind is ClusterKind {
  return Object.hasOwn(clusterPackages, kind)
}

/** `releases`: all builds of the version that are offered. */
export async function buildClusterPackage(
  needs: ClusterBuildNeeds,
  distribution: Distribution,
  content: { readonly kind: ClusterKind; readonly releases: readonly Release[] },
): Promise<StoredPackage> {
  const made = clusterPackages[content.kind]
  const spec = await clusterSpecOf(needs, distribution, content.releases)
  const segments = made.write(spec)
  const key = digestOf(JSON.stringify([made.format, spec.version, spec.timestamp, spec.image]))
  const model = await needs.packageModels.like(key, async () => made.write(nobodysOf(spec)))
  const place = { distributionId: distribution.id, format: made.format, arch: ARCH }
  return packageToStore(needs.secret, place, { fileName: made.fileName(spec), segments, model })
}

async function clusterSpecOf(
  needs: ClusterBuildNeeds,
  distribution: Distribution,
  releases: readonly Release[],
): Promise<ClusterSpec> {
  const { id, order, generation } = distribution
  const { publicUrl } = needs.settings
  const { reference } = await imageFor(needs, order.version)
  const builds = releases.filter(isInImages)
  const keys = await loadSigningKeys(needs.database.read)
  const { placement } = order
  return {
    version: order.version,
    timestamp: Math.floor(Math.max(...builds.map(({ publishedAt }) => publishedAt)) / 1000),
    image: reference,
    arches: [...new Set(builds.map(({ target }) => target.arch))].sort().reverse(),
    dockerConfig: dockerConfig(registryOf(publicUrl), pullCredentials(needs.secret, distribution)),
    enrolment: {
      serverUrl: publicUrl,
      distributionId: id,
      token: enrolmentToken(needs.secret, id, generation),
      trustedKeys: keys.map(({ keyId, publicKey }) => ({ keyId, publicKey })),
    },
    namespace: placement?.namespace ?? NAMESPACE,
    flavour: FLAVOURS.find((each) => each === placement?.flavour) ?? FLAVOUR,
    nodeSelector: placement?.nodeSelector ?? {},
    proxy: order.proxy,
    endpointTags: order.endpointTags,
    clusterName: order.clusterName,
    runOnMasterNode: placement?.runOnMasterNode ?? false,
    runOnAllNodes: placement?.runOnAllNodes ?? false,
  }
}

/** What others of the version are stored beside: no secret of a distribution is in it. */
function nobodysOf(spec: ClusterSpec): ClusterSpec {
  const enrolment = { ...spec.enrolment, ...NOBODY }
  const nowhere = { namespace: NAMESPACE, flavour: FLAVOUR, nodeSelector: {}, clusterName: null }
  const plain = { proxy: [], endpointTags: [], runOnMasterNode: false, runOnAllNodes: false }
  return { ...spec, ...nowhere, ...plain, dockerConfig: '{}', enrolment }
}

import { firstPath } from './0001-first-path.ts'
import { releasesOfArtifact } from './0002-releases-of-artifact.ts'
import { auditTrail } from './0003-audit-trail.ts'
import { access } from './0004-access.ts'
import { auditChain } from './0005-audit-chain.ts'
import { events } from './0006-events.ts'
import { distributionsAndReleases } from './0007-distributions-and-releases.ts'
import { endpointLists } from './0008-endpoint-lists.ts'
import { tagsAndCancelling } from './0009-tags-and-cancelling.ts'
import { berths } from './0010-berths.ts'
import { counts } from './0011-counts.ts'
import { packageKey } from './0012-package-key.ts'
import { derivedParts } from './0013-derived-parts.ts'
import { codeCertificates } from './0014-code-certificates.ts'
import { images } from './0015-images.ts'
import { clusters } from './0016-clusters.ts'
import { androidKey } from './0017-android-key.ts'
import { packageModels } from './0018-package-models.ts'
import { rollouts } from './0019-rollouts.ts'
import { upgradePolicies } from './0020-upgrade-policies.ts'
import { lighterUpgrades } from './0021-lighter-upgrades.ts'

/** In the order in which they are applied; a published migration never changes. */
export const ALL_MIGRATIONS = [
  firstPath,
  releasesOfArtifact,
  auditTrail,
  access,
  auditChain,
  events,
  distributionsAndReleases,
  endpointLists,
  tagsAndCancelling,
  berths,
  counts,
  packageKey,
  derivedParts,
  codeCertificates,
  images,
  clusters,
  androidKey,
  packageModels,
  rollouts,
  upgradePolicies,
  lighterUpgrades,
] as const

import type { PublicRoute, RawRoute } from '../http/route.ts'
import type { ServerNeeds } from '../needs.ts'
import { getActionStatusRoute } from './actions/get-action-status.ts'
import { deleteApiKeysRoute } from './api-keys/delete.ts'
import { generateApiKeyRoute } from './api-keys/generate.ts'
import { getApiKeysRoute } from './api-keys/get.ts'
import { actionExpirationRoutes } from './configurations/action-center-expiration.ts'
import { agentStatusRoutes } from './configurations/agent-status.ts'
import { autoUpgradeRoutes } from './configurations/auto-upgrade.ts'
import { contentManagementRoutes } from './configurations/content-management.ts'
import { criticalEnvironmentRoutes } from './configurations/critical-environment-versions.ts'
import { cleanupRoutes } from './configurations/endpoint-administration-cleanup.ts'
import { createDistributionRoute } from './distributions/create.ts'
import { downloadPackageRoute } from './distributions/download.ts'
import { getDistributionUrlRoute } from './distributions/get-dist-url.ts'
import { getDistributionStatusRoute } from './distributions/get-status.ts'
import { getVersionsRoute } from './distributions/get-versions.ts'
import { getEndpointRoute } from './endpoints/get-endpoint.ts'
import { getEndpointsRoute } from './endpoints/get-endpoints.ts'
import { upgradeEndpointsRoute } from './endpoints/upgrade.ts'
import { listReleasesRoute } from './releases/list.ts'
import { missingArtifactsRoute } from './releases/missing-artifacts.ts'
import { publishReleaseRoute } from './releases/publish.ts'
import { uploadArtifactRoute } from './releases/upload-artifact.ts'

/** Every call of the public API. */
export const PUBLIC_ROUTES: readonly PublicRoute<ServerNeeds>[] = [
  getVersionsRoute,
  createDistributionRoute,
  getDistributionStatusRoute,
  getDistributionUrlRoute,
  upgradeEndpointsRoute,
  getEndpointRoute,
  getEndpointsRoute,
  getActionStatusRoute,
  missingArtifactsRoute,
  publishReleaseRoute,
  listReleasesRoute,
  generateApiKeyRoute,
  getApiKeysRoute,
  deleteApiKeysRoute,
  ...autoUpgradeRoutes,
  ...agentStatusRoutes,
  ...actionExpirationRoutes,
  ...cleanupRoutes,
  ...contentManagementRoutes,
  ...criticalEnvironmentRoutes,
]

/** Those whose body or answer is no JSON. */
export const RAW_ROUTES: readonly RawRoute<ServerNeeds>[] = [
  uploadArtifactRoute,
  downloadPackageRoute,
]

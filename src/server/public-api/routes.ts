import type { PublicRoute, RawRoute } from '../http/route.ts'
import type { ServerNeeds } from '../needs.ts'
import { getActionStatusRoute } from './actions/get-action-status.ts'
import { deleteApiKeysRoute } from './api-keys/delete.ts'
import { generateApiKeyRoute } from './api-keys/generate.ts'
import { getApiKeysRoute } from './api-keys/get.ts'
import { rotateApiKeyRoute } from './api-keys/rotate.ts'
import { validateApiKeyRoute } from './api-keys/validate.ts'
import { agentsReportsRoute } from './audits/agents-reports.ts'
import { managementLogsRoute } from './audits/management-logs.ts'
import { verifyAuditsRoute } from './audits/verify.ts'
import { actionExpirationRoutes } from './configurations/action-center-expiration.ts'
import { agentStatusRoutes } from './configurations/agent-status.ts'
import { autoUpgradeRoutes } from './configurations/auto-upgrade.ts'
import { contentManagementRoutes } from './configurations/content-management.ts'
import { criticalEnvironmentRoutes } from './configurations/critical-environment-versions.ts'
import { cleanupRoutes } from './configurations/endpoint-administration-cleanup.ts'
import { rolloutRoutes } from './configurations/rollout.ts'
import { createDistributionRoute } from './distributions/create.ts'
import { deleteDistributionRoute } from './distributions/delete.ts'
import { downloadPackageRoute } from './distributions/download.ts'
import { getDistributionUrlRoute } from './distributions/get-dist-url.ts'
import { getDistributionsRoute } from './distributions/get-distributions.ts'
import { getDistributionStatusRoute } from './distributions/get-status.ts'
import { getVersionsRoute } from './distributions/get-versions.ts'
import { updateDistributionRoute } from './distributions/update.ts'
import { deleteEndpointsRoute } from './endpoints/delete.ts'
import { getEndpointRoute } from './endpoints/get-endpoint.ts'
import { getEndpointsRoute } from './endpoints/get-endpoints.ts'
import { getPolicyRoute } from './endpoints/get-policy.ts'
import { updateAgentNameRoute } from './endpoints/update-agent-name.ts'
import { upgradeEndpointsRoute } from './endpoints/upgrade.ts'
import { cancelUpgradeRoute } from './endpoints/upgrade-cancel.ts'
import { getUpgradeRoute } from './endpoints/upgrade-get.ts'
import { listUpgradesRoute } from './endpoints/upgrade-list.ts'
import { deleteUpgradePolicyRoute } from './endpoints/upgrade-policies-delete.ts'
import { getUpgradePoliciesRoute } from './endpoints/upgrade-policies-get.ts'
import { setUpgradePolicyRoute } from './endpoints/upgrade-policies-set.ts'
import { followEventsRoute } from './events/follow.ts'
import { OUTSIDE_ROUTES } from './outside.ts'
import { createRoleRoute } from './rbac/create-role.ts'
import { createUserRoute } from './rbac/create-user.ts'
import { deleteRoleRoute } from './rbac/delete-role.ts'
import { deleteUserRoute } from './rbac/delete-user.ts'
import { deleteUserGroupRoute } from './rbac/delete-user-group.ts'
import { getRolesRoute } from './rbac/get-roles.ts'
import { getUserGroupRoute } from './rbac/get-user-group.ts'
import { getUsersRoute } from './rbac/get-users.ts'
import { setUserGroupRoute } from './rbac/set-user-group.ts'
import { setUserRoleRoute } from './rbac/set-user-role.ts'
import { updateRoleRoute } from './rbac/update-role.ts'
import { listReleasesRoute } from './releases/list.ts'
import { missingArtifactsRoute } from './releases/missing-artifacts.ts'
import { publishReleaseRoute } from './releases/publish.ts'
import { uploadArtifactRoute } from './releases/upload-artifact.ts'
import { withdrawReleaseRoute } from './releases/withdraw.ts'
import { explainUpgradeRoute } from './rollouts/explain.ts'
import { pauseUpgradeRoute } from './rollouts/pause.ts'
import { resumeUpgradeRoute } from './rollouts/resume.ts'
import { retryUpgradeRoute } from './rollouts/retry.ts'
import { revertUpgradeRoute } from './rollouts/revert.ts'
import { skipWaveRoute } from './rollouts/skip-wave.ts'
import { getTenantInfoRoute } from './system/get-tenant-info.ts'
import { healthcheckRoute } from './system/healthcheck.ts'
import { assignTagRoute } from './tags/assign.ts'
import { deleteTagsRoute } from './tags/delete-permanently.ts'
import { removeTagRoute } from './tags/remove.ts'
import { getCertificatesRoute } from './trust/get-certificates.ts'
import { getPackageKeyRoute } from './trust/get-package-key.ts'
import { importCertificateRoute } from './trust/import-certificate.ts'
import { removeCertificateRoute } from './trust/remove-certificate.ts'

/** Every call of the public API. */
export const PUBLIC_ROUTES: readonly PublicRoute<ServerNeeds>[] = [
  getVersionsRoute,
  createDistributionRoute,
  getDistributionStatusRoute,
  getDistributionUrlRoute,
  getDistributionsRoute,
  updateDistributionRoute,
  deleteDistributionRoute,
  upgradeEndpointsRoute,
  getUpgradeRoute,
  listUpgradesRoute,
  cancelUpgradeRoute,
  getUpgradePoliciesRoute,
  setUpgradePolicyRoute,
  deleteUpgradePolicyRoute,
  explainUpgradeRoute,
  pauseUpgradeRoute,
  resumeUpgradeRoute,
  skipWaveRoute,
  retryUpgradeRoute,
  revertUpgradeRoute,
  getEndpointRoute,
  getEndpointsRoute,
  updateAgentNameRoute,
  deleteEndpointsRoute,
  getPolicyRoute,
  assignTagRoute,
  removeTagRoute,
  deleteTagsRoute,
  getActionStatusRoute,
  missingArtifactsRoute,
  publishReleaseRoute,
  listReleasesRoute,
  withdrawReleaseRoute,
  generateApiKeyRoute,
  getApiKeysRoute,
  deleteApiKeysRoute,
  managementLogsRoute,
  agentsReportsRoute,
  verifyAuditsRoute,
  rotateApiKeyRoute,
  validateApiKeyRoute,
  getUsersRoute,
  createUserRoute,
  deleteUserRoute,
  setUserRoleRoute,
  getUserGroupRoute,
  setUserGroupRoute,
  deleteUserGroupRoute,
  getRolesRoute,
  createRoleRoute,
  updateRoleRoute,
  deleteRoleRoute,
  healthcheckRoute,
  getTenantInfoRoute,
  getPackageKeyRoute,
  importCertificateRoute,
  getCertificatesRoute,
  removeCertificateRoute,
  ...autoUpgradeRoutes,
  ...agentStatusRoutes,
  ...actionExpirationRoutes,
  ...cleanupRoutes,
  ...contentManagementRoutes,
  ...criticalEnvironmentRoutes,
  ...rolloutRoutes,
]

/** Those whose body or answer is no JSON. */
export const RAW_ROUTES: readonly RawRoute<ServerNeeds>[] = [
  uploadArtifactRoute,
  downloadPackageRoute,
  followEventsRoute,
  ...OUTSIDE_ROUTES,
]

/**
 * The public API as a typed object, one method for each call. Replies are parsed with the
 * contract's schemas, so a reply that is not what it should be is a Fault here and no surprise
 * later; fields that this client does not know are dropped. A "no" of the server is an `ApiError`.
 */
import type * as z from 'zod'
import type { Clock } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/fault.ts'
import type { Random } from '../base/random.ts'
import * as keys from '../contract/public/api-keys.ts'
import * as audits from '../contract/public/audits.ts'
import type { PublicCall } from '../contract/public/call.ts'
import * as configurations from '../contract/public/configurations.ts'
import * as distributions from '../contract/public/distributions.ts'
import * as endpointChanges from '../contract/public/endpoint-changes.ts'
import * as endpointLists from '../contract/public/endpoint-lists.ts'
import * as endpoints from '../contract/public/endpoints.ts'
import * as rbac from '../contract/public/rbac.ts'
import * as releases from '../contract/public/releases.ts'
import * as steering from '../contract/public/rollout-steering.ts'
import * as system from '../contract/public/system.ts'
import * as tags from '../contract/public/tags.ts'
import * as trust from '../contract/public/trust.ts'
import * as upgradeActions from '../contract/public/upgrade-actions.ts'
import * as upgradePolicies from '../contract/public/upgrade-policies.ts'
import type { ApiKey } from './api-key.ts'
import { type DownloadOrder, download } from './download.ts'
import { type FollowOrder, followEvents } from './events.ts'
import {
  apiUrl,
  call,
  type Fetch,
  parseReply,
  sendRepeatedly,
  type TransportNeeds,
} from './transport.ts'

export type ClientOptions = {
  /** The server's address, without `/public_api`. */
  readonly baseUrl: string
  readonly key: ApiKey
  /** The built-in one when absent. */
  readonly fetch?: Fetch
  /** How long one call, or a pause in a transfer, may take. */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly random: Random
}

export type Artifact = {
  readonly digest: Digest
  /** Opens the bytes from their beginning; called once more when the upload is tried again. */
  readonly open: () => AsyncIterable<Uint8Array>
  /** How many bytes of this try have gone out. */
  readonly onProgress?: (bytes: number) => void
}

export type Client = ReturnType<typeof createClient>

export function createClient(options: ClientOptions) {
  const needs: TransportNeeds = { ...options, fetch: options.fetch ?? globalThis.fetch }
  return {
    distributions: distributionCalls(needs),
    releases: releaseCalls(needs),
    endpoints: endpointCalls(needs),
    upgrades: upgradeCalls(needs),
    upgradePolicies: upgradePolicyCalls(needs),
    tags: tagCalls(needs),
    actions: actionCalls(needs),
    apiKeys: apiKeyCalls(needs),
    configurations: configurationCalls(needs),
    rbac: rbacCalls(needs),
    system: systemCalls(needs),
    audits: auditCalls(needs),
    events: { follow: (order: FollowOrder) => followEvents(needs, order) },
    trust: trustCalls(needs),
    /** Everything from `offset` on; whoever takes the bytes checks their digest. */
    download: (order: DownloadOrder) => download(needs, order),
  }
}

function calling<Request extends z.ZodType, Reply extends z.ZodType>(
  needs: TransportNeeds,
  made: PublicCall<Request, Reply>,
): (data: z.input<Request>) => Promise<z.output<Reply>> {
  return (data) => call(needs, made, data)
}

function trustCalls(needs: TransportNeeds) {
  const getCertificates = calling(needs, trust.getCertificatesCall)
  return {
    getPackageKey: calling(needs, trust.getPackageKeyCall),
    importCertificate: calling(needs, trust.importCertificateCall),
    getCertificates: () => getCertificates({}),
    removeCertificate: calling(needs, trust.removeCertificateCall),
  }
}

function distributionCalls(needs: TransportNeeds) {
  const getStatus = calling(needs, distributions.getDistributionStatusCall)
  const getVersions = calling(needs, distributions.getVersionsCall)
  const remove = calling(needs, distributions.deleteDistributionCall)
  return {
    create: calling(needs, distributions.createDistributionCall),
    getStatus: (id: string) => getStatus({ distribution_id: id }),
    getDistUrl: calling(needs, distributions.getDistributionUrlCall),
    getVersions: () => getVersions({}),
    /** Without `fields`: whole rows. */
    getDistributions: calling(needs, {
      ...distributions.getDistributionsCall,
      reply: distributions.wholeDistributionsReply,
    }),
    update: calling(needs, distributions.updateDistributionCall),
    delete: (id: string) => remove({ distribution_id: id }),
  }
}

function releaseCalls(needs: TransportNeeds) {
  const missingArtifacts = calling(needs, releases.missingArtifactsCall)
  return {
    missingArtifacts: (digests: readonly string[]) => missingArtifacts({ digests: [...digests] }),
    uploadArtifact: (artifact: Artifact) => uploadArtifact(needs, artifact),
    publish: calling(needs, releases.publishReleaseCall),
    /** Without `fields`: whole rows. */
    list: calling(needs, { ...releases.listReleasesCall, reply: releases.wholeReleasesReply }),
    withdraw: calling(needs, releases.withdrawReleaseCall),
  }
}

async function uploadArtifact(
  needs: TransportNeeds,
  artifact: Artifact,
): Promise<z.infer<typeof releases.artifactReply>> {
  const path = `releases/artifacts/${artifact.digest}`
  let failure: Fault | null = null
  const body = async function* (onProgress: () => void) {
    let bytes = 0
    try {
      for await (const chunk of artifact.open()) {
        yield chunk
        bytes += chunk.length
        onProgress()
        artifact.onProgress?.(bytes)
      }
    } catch (cause) {
      const doing = `reading artifact ${artifact.digest}`
      failure = new Fault({ code: 'upload-unreadable', doing, retry: 'never', cause })
      throw failure
    }
  }
  const request = {
    method: 'PUT',
    url: apiUrl(needs, path),
    headers: { 'content-type': 'application/octet-stream' },
    body: (onProgress: () => void) => ReadableStream.from(body(onProgress)),
    bodyFailure: () => failure,
  }
  const text = await sendRepeatedly(needs, request, true)
  return parseReply(text, { path, reply: releases.artifactReply, envelope: 'reply' })
}

function endpointCalls(needs: TransportNeeds) {
  const { getEndpointCall, getEndpointsCall } = endpointLists
  const getEndpoints = calling(needs, {
    ...getEndpointsCall,
    reply: endpointLists.readEndpointsReply,
  })
  return {
    upgrade: calling(needs, {
      ...endpoints.upgradeEndpointsCall,
      reply: endpoints.orderedUpgradeReply,
    }),
    /** With `dry_run`: nothing is ordered. */
    planUpgrade: calling(needs, {
      ...endpoints.upgradeEndpointsCall,
      reply: endpoints.plannedUpgradeReply,
    }),
    /** Without `fields`: whole rows. */
    getEndpoint: calling(needs, { ...getEndpointCall, reply: endpointLists.readEndpointReply }),
    getEndpoints: () => getEndpoints({}),
    updateAgentName: calling(needs, endpointChanges.updateAgentNameCall),
    delete: calling(needs, endpointChanges.deleteEndpointsCall),
    getPolicy: calling(needs, endpointChanges.getPolicyCall),
  }
}

function upgradeCalls(needs: TransportNeeds) {
  const { getUpgradeCall, listUpgradesCall } = upgradeActions
  return {
    /** Without `fields`: whole rows. */
    get: calling(needs, { ...getUpgradeCall, reply: upgradeActions.wholeUpgradeReply }),
    list: calling(needs, { ...listUpgradesCall, reply: upgradeActions.wholeUpgradesReply }),
    cancel: calling(needs, upgradeActions.cancelUpgradeCall),
    explain: calling(needs, steering.explainUpgradeCall),
    pause: calling(needs, steering.pauseUpgradeCall),
    resume: calling(needs, steering.resumeUpgradeCall),
    skipWave: calling(needs, steering.skipWaveCall),
    retry: calling(needs, steering.retryUpgradeCall),
    revert: calling(needs, steering.revertUpgradeCall),
  }
}

function upgradePolicyCalls(needs: TransportNeeds) {
  return {
    get: calling(needs, upgradePolicies.getUpgradePoliciesCall),
    set: calling(needs, upgradePolicies.setUpgradePolicyCall),
    delete: calling(needs, upgradePolicies.deleteUpgradePolicyCall),
  }
}

function tagCalls(needs: TransportNeeds) {
  return {
    assign: calling(needs, tags.assignTagCall),
    remove: calling(needs, tags.removeTagCall),
    deletePermanently: calling(needs, tags.deleteTagsCall),
  }
}

function actionCalls(needs: TransportNeeds) {
  const getActionStatus = calling(needs, endpoints.getActionStatusCall)
  return {
    getActionStatus: (groupActionId: number) => getActionStatus({ group_action_id: groupActionId }),
  }
}

function auditCalls(needs: TransportNeeds) {
  return {
    managementLogs: calling(needs, audits.managementLogsCall),
    agentsReports: calling(needs, audits.agentsReportsCall),
    verify: calling(needs, audits.verifyAuditsCall),
  }
}

function apiKeyCalls(needs: TransportNeeds) {
  const get = calling(needs, { ...keys.getApiKeysCall, reply: keys.wholeApiKeysReply })
  const remove = calling(needs, keys.deleteApiKeysCall)
  return {
    generate: calling(needs, keys.generateApiKeyCall),
    rotate: calling(needs, keys.rotateApiKeyCall),
    validate: calling(needs, keys.validateApiKeyCall),
    /** All of them when no ids are given. */
    get: (ids?: readonly number[]) => get(ids === undefined ? {} : { filters: idFilter(ids) }),
    delete: (ids: readonly number[]) => remove({ filters: idFilter(ids) }),
  }
}

function rbacCalls(needs: TransportNeeds) {
  return {
    getUsers: calling(needs, rbac.getUsersCall),
    createUser: calling(needs, rbac.createUserCall),
    deleteUser: calling(needs, rbac.deleteUserCall),
    setUserRole: calling(needs, rbac.setUserRoleCall),
    getUserGroup: calling(needs, rbac.getUserGroupCall),
    setUserGroup: calling(needs, rbac.setUserGroupCall),
    deleteUserGroup: calling(needs, rbac.deleteUserGroupCall),
    getRoles: calling(needs, rbac.getRolesCall),
    createRole: calling(needs, rbac.createRoleCall),
    updateRole: calling(needs, rbac.updateRoleCall),
    deleteRole: calling(needs, rbac.deleteRoleCall),
  }
}

function systemCalls(needs: TransportNeeds) {
  return {
    healthcheck: calling(needs, system.healthcheckCall),
    getTenantInfo: calling(needs, system.getTenantInfoCall),
  }
}

function configurationCalls(needs: TransportNeeds) {
  return {
    auto_upgrade: settingCalls(needs, configurations.autoUpgradeCalls),
    agent_status: settingCalls(needs, configurations.agentStatusCalls),
    action_center_expiration: settingCalls(needs, configurations.actionExpirationCalls),
    endpoint_administration_cleanup: settingCalls(needs, configurations.cleanupCalls),
    content_management: settingCalls(needs, configurations.contentManagementCalls),
    critical_environment_versions: settingCalls(needs, configurations.criticalEnvironmentCalls),
    rollout: settingCalls(needs, configurations.rolloutCalls),
  }
}

function settingCalls<Reply extends z.ZodType, Request extends z.ZodType, Done extends z.ZodType>(
  needs: TransportNeeds,
  made: { readonly get: PublicCall<z.ZodType, Reply>; readonly set: PublicCall<Request, Done> },
) {
  return { get: () => call(needs, made.get, {}), set: calling(needs, made.set) }
}

function idFilter(ids: readonly number[]) {
  return [{ field: 'id' as const, operator: 'in' as const, value: [...ids] }]
}

import type { Instant } from '../../../base/clock.ts'
import type { Platform } from '../../../base/platform.ts'
import type { UpgradeDetail } from '../../../contract/public/endpoints.ts'
import {
  type ConnectionLimits,
  connectionStatus,
  type EndpointFacts,
  type Health,
} from '../../../domain/endpoint/endpoint.ts'
import type { LightEndpoint, ListedEndpoint } from '../../../store/endpoint-rows.ts'

const OS_TYPES: Readonly<Record<Platform, string>> = {
  windows: 'AGENT_OS_WINDOWS',
  linux: 'AGENT_OS_LINUX',
  macos: 'AGENT_OS_MAC',
  android: 'AGENT_OS_ANDROID',
}

export type EndpointMoment = { readonly now: Instant; readonly limits: ConnectionLimits }

/**
 * The documented object of `get_endpoint`. What this product does not do (isolation, scans,
 * content) has the value that the original gives where nothing was ever done.
 */
export function renderEndpoint(
  endpoint: ListedEndpoint,
  lastUpgrade: UpgradeDetail | null,
  moment: EndpointMoment,
) {
  const { facts } = endpoint.state
  return {
    ...identityFields(endpoint, moment),
    ...healthFields(endpoint),
    os_type: OS_TYPES[facts.target.platform],
    os_version: facts.osVersion,
    operating_system: `${facts.osName} ${facts.osVersion}`.trim(),
    kernel: facts.kernel,
    architecture: facts.target.arch,
    time_zone: facts.timeZone,
    ip: facts.ipv4,
    ipv6: facts.ipv6,
    public_ip: endpoint.publicAddress ?? '',
    mac_address: facts.macAddresses,
    users: facts.users,
    domain: facts.domain,
    last_upgrade: lastUpgrade,
    skipped_versions: endpoint.state.skipped.map((skipped) => {
      return { manifest_digest: skipped.manifestDigest, reason: skipped.reason }
    }),
    ...NEVER_DONE,
  }
}

function identityFields(endpoint: ListedEndpoint, moment: EndpointMoment) {
  const { facts } = endpoint.state
  return {
    endpoint_id: endpoint.id,
    endpoint_name: facts.hostname,
    endpoint_type: typeOf(facts.kind),
    endpoint_status: statusOf(endpoint.lastSeen, moment),
    endpoint_version: endpoint.state.version,
    alias: endpoint.alias,
    first_seen: endpoint.firstSeen,
    last_seen: endpoint.lastSeen,
    install_date: facts.installedAt,
    installation_package: endpoint.distributionName,
    endpointTags: facts.endpointTags.join(','),
    tags: { server_tags: endpoint.serverTags, endpoint_tags: facts.endpointTags },
    group_name: [],
  }
}

function healthFields(endpoint: ListedEndpoint) {
  const { health } = endpoint.state
  return {
    operational_status: operationalStatus(health.status),
    operational_status_description: null,
    operational_status_details: health.details,
  }
}

const NEVER_DONE = {
  active_directory: null,
  content_version: '',
  content_status: 'up_to_date',
  content_release_timestamp: null,
  last_content_update_time: null,
  is_isolated: 'AGENT_UNISOLATED',
  isolated_date: null,
  scan_status: 'SCAN_STATUS_NONE',
  assigned_prevention_policy: '',
  assigned_extensions_policy: '',
  token_hash: null,
  cloud_provider: '',
  cloud_region: '',
  cloud_provider_account_id: '',
  cloud_instance_id: '',
  cloud_id: '',
} as const

/** The light row of `get_endpoints`, with the keys of older tenants beside the newer ones. */
export function renderLightEndpoint(endpoint: LightEndpoint, moment: EndpointMoment) {
  const status = statusOf(endpoint.lastSeen, moment)
  return {
    agent_id: endpoint.id,
    agent_status: status,
    operational_status: operationalStatus(endpoint.health),
    host_name: endpoint.hostname,
    agent_type: endpoint.kind === 'server' ? 'Server' : 'Workstation',
    ip: endpoint.ipv4,
    last_seen: endpoint.lastSeen,
    tags: { server_tags: endpoint.serverTags, endpoint_tags: endpoint.endpointTags },
    users: endpoint.users,
    endpoint_id: endpoint.id,
    endpoint_name: endpoint.hostname,
    endpoint_type: typeOf(endpoint.kind),
    endpoint_status: status,
    endpoint_version: endpoint.version,
    alias: endpoint.alias,
  }
}

function statusOf(lastSeen: Instant, moment: EndpointMoment): string {
  return connectionStatus(lastSeen, moment.now, moment.limits).toUpperCase()
}

function typeOf(kind: EndpointFacts['kind']): string {
  return kind === 'server' ? 'AGENT_TYPE_SERVER' : 'AGENT_TYPE_WORKSTATION'
}

function operationalStatus(status: Health['status']): string {
  return status === 'healthy' ? 'PROTECTED' : 'PARTIALLY_PROTECTED'
}

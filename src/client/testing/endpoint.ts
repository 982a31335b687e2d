/** An endpoint as the lists tell it, for tests: every field said once, tests say what differs. */
import type { EndpointObject } from '../../contract/public/endpoint-lists.ts'

const SEEN = Date.parse('2026-11-22T11:59:00Z')

const NEVER_DONE = {
  ...{ active_directory: null, content_version: '', content_status: 'up_to_date' },
  ...{ content_release_timestamp: null, last_content_update_time: null },
  ...{ is_isolated: 'AGENT_UNISOLATED', isolated_date: null, scan_status: 'SCAN_STATUS_NONE' },
  ...{ assigned_prevention_policy: '', assigned_extensions_policy: '', token_hash: null },
  ...{ cloud_provider: '', cloud_region: '', cloud_provider_account_id: '' },
  ...{ cloud_instance_id: '', cloud_id: '' },
}

export function sampleEndpoint(
  id: string,
  name: string,
  more: Partial<EndpointObject> = {},
): EndpointObject {
  return {
    ...{ endpoint_id: id, endpoint_name: name, endpoint_status: 'CONNECTED', alias: '' },
    ...{ endpoint_version: '8.6.0.1', endpoint_type: 'AGENT_TYPE_SERVER', endpointTags: '' },
    ...{ operational_status: 'PROTECTED', operational_status_description: null },
    ...{ operational_status_details: [], skipped_versions: [], last_upgrade: null },
    ...{ os_type: 'AGENT_OS_LINUX', os_version: '12.5', operating_system: 'Debian 12.5' },
    ...{ ip: [], ipv6: [], public_ip: '', mac_address: [], users: [], domain: '', group_name: [] },
    ...{ kernel: '', architecture: 'x64', time_zone: 'UTC', installation_package: 'web' },
    ...{ first_seen: SEEN, last_seen: SEEN, install_date: SEEN },
    tags: { server_tags: [], endpoint_tags: [] },
    ...NEVER_DONE,
    ...more,
  }
}

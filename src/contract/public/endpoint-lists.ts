/** The two lists of endpoints, in the wire's own spelling. */
import * as z from 'zod'
import { publicCall } from './call.ts'
import { upgradeDetail } from './endpoints.ts'
import { columnNames, listFilters, listSort, searchPage } from './list.ts'

export const getEndpoint = z.strictObject({
  filters: listFilters,
  ...searchPage,
  /** Absent: `first_seen`, newest first. */
  sort: listSort(['endpoint_id', 'first_seen', 'last_seen']),
  fields: columnNames,
})
export type GetEndpointRequest = z.infer<typeof getEndpoint>

const texts = z.array(z.string())
const tags = z.object({ server_tags: texts, endpoint_tags: texts })

/** Documented, but for the last five: those are ours. */
export const endpointObject = z.looseObject({
  endpoint_id: z.string(),
  endpoint_name: z.string(),
  endpointTags: z.string(),
  endpoint_type: z.string(),
  endpoint_status: z.string(),
  operational_status: z.string(),
  operational_status_description: z.string().nullable(),
  operational_status_details: z.array(z.object({ title: z.string(), reason: z.string() })),
  os_type: z.string(),
  os_version: z.string(),
  operating_system: z.string(),
  ip: texts,
  ipv6: texts,
  public_ip: z.string(),
  mac_address: texts,
  users: texts,
  domain: z.string(),
  alias: z.string(),
  first_seen: z.int(),
  last_seen: z.int(),
  install_date: z.int(),
  installation_package: z.string(),
  /** Null until the first check-in. */
  endpoint_version: z.string().nullable(),
  active_directory: z.null(),
  group_name: texts,
  tags,
  content_version: z.string(),
  content_status: z.string(),
  content_release_timestamp: z.null(),
  last_content_update_time: z.null(),
  is_isolated: z.string(),
  isolated_date: z.null(),
  scan_status: z.string(),
  assigned_prevention_policy: z.string(),
  assigned_extensions_policy: z.string(),
  token_hash: z.null(),
  cloud_provider: z.string(),
  cloud_region: z.string(),
  cloud_provider_account_id: z.string(),
  cloud_instance_id: z.string(),
  cloud_id: z.string(),
  kernel: z.string(),
  architecture: z.string(),
  time_zone: z.string(),
  last_upgrade: upgradeDetail.nullable(),
  skipped_versions: z.array(z.object({ manifest_digest: z.string(), reason: z.string() })),
})

export const getEndpointReply = z.object({
  /** Of all pages. */
  total_count: z.int(),
  result_count: z.int(),
  /** Only the columns that were asked for, where `fields` names some. */
  endpoints: z.array(endpointObject.partial()),
})

/** As our own clients, who name no columns, must have it; the rest they can do without. */
const readObject = endpointObject.partial().required({
  endpoint_id: true,
  endpoint_name: true,
  endpoint_status: true,
  endpoint_version: true,
  os_type: true,
  operating_system: true,
  first_seen: true,
  last_seen: true,
  installation_package: true,
  last_upgrade: true,
})
export type EndpointObject = z.infer<typeof readObject>
export const readEndpointReply = getEndpointReply.extend({ endpoints: z.array(readObject) })

/** The first nine as newer tenants name them, the others as older ones do. */
export const endpointSummary = z.looseObject({
  agent_id: z.string(),
  agent_status: z.string(),
  operational_status: z.string(),
  host_name: z.string(),
  agent_type: z.string(),
  ip: texts,
  last_seen: z.int(),
  tags,
  users: texts,
  endpoint_id: z.string(),
  endpoint_name: z.string(),
  endpoint_type: z.string(),
  endpoint_status: z.string(),
  endpoint_version: z.string().nullable(),
  alias: z.string(),
})
export const getEndpointsReply = z.array(endpointSummary.partial())
export const readEndpointsReply = z.array(
  endpointSummary.partial().required({
    agent_id: true,
    agent_status: true,
    host_name: true,
    agent_type: true,
    ip: true,
    last_seen: true,
  }),
)

export const getEndpointCall = publicCall({
  path: 'endpoints/get_endpoint',
  summary: 'A filtered, sorted page of endpoints, and how many there are in all.',
  origin: 'documented',
  request: getEndpoint,
  reply: getEndpointReply,
  isRepeatable: true,
  examples: [
    {
      name: 'the first page by a status, in the order of ids',
      request: {
        search_from: 0,
        search_to: 1,
        sort: { field: 'endpoint_id', keyword: 'ASC' },
        filters: [{ field: 'scan_status', operator: 'in', value: ['none', 'pending'] }],
      },
    },
    {
      name: 'how many are connected',
      request: { filters: [{ field: 'endpoint_status', operator: 'IN', value: ['connected'] }] },
    },
  ],
})

export const getEndpointsCall = publicCall({
  path: 'endpoints/get_endpoints',
  summary:
    'Every endpoint, with the few fields that automation reads, in the order of ids; with ' +
    'search_from or search_to one page, in the order of sort.',
  origin: 'documented',
  request: getEndpoint,
  reply: getEndpointsReply,
  isRepeatable: true,
  examples: [{ name: 'every endpoint', request: {} }],
})

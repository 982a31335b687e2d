/** The filters of the lists of endpoints, and of the calls that change the endpoints they mean. */
import { accept, type Result } from '../../../base/result.ts'
import type { ListFilter } from '../../../contract/public/list.ts'
import { CONNECTION_STATUSES } from '../../../domain/endpoint/endpoint.ts'
import type { EndpointCondition } from '../../../store/endpoint-query.ts'
import type { RequestRefusal } from '../../http/refusal.ts'
import { type FilterRule, type ReadFilter, readFilters } from '../lists/filters.ts'

const ANY_OF = { operators: ['in', 'eq'], kind: 'text' } as const
const SINCE_UNTIL = { operators: ['gte', 'lte'], kind: 'time' } as const

function choice(...values: readonly string[]) {
  return { operators: ['in', 'eq'], kind: 'choice', values } as const
}

export const ENDPOINT_FILTERS = {
  endpoint_id_list: ANY_OF,
  dist_name: ANY_OF,
  group_name: ANY_OF,
  alias: ANY_OF,
  hostname: ANY_OF,
  username: ANY_OF,
  public_ip_list: ANY_OF,
  ip_list: ANY_OF,
  endpoint_status: choice('connected', 'disconnected', 'lost', 'uninstalled'),
  platform: choice('windows', 'linux', 'macos', 'android', 'ios'),
  isolate: choice('isolated', 'unisolated'),
  scan_status: choice(
    ...['none', 'pending', 'in_progress', 'canceled', 'aborted', 'pending_cancellation'],
    ...['success', 'error'],
  ),
  operational_status: choice('protected', 'partially_protected', 'unprotected'),
  first_seen: SINCE_UNTIL,
  last_seen: SINCE_UNTIL,
  cloud_provider: ANY_OF,
  cloud_region: ANY_OF,
  cloud_provider_account_id: ANY_OF,
  cloud_instance_id: ANY_OF,
  cloud_id: ANY_OF,
  // Ours:
  tag: ANY_OF,
  endpoint_version: ANY_OF,
  distribution_id: ANY_OF,
} as const satisfies Readonly<Record<string, FilterRule>>

/** Wire filters into house words; what is wrong is refused by its place. */
export function toConditions(
  filters: readonly ListFilter[] | null | undefined,
): Result<readonly EndpointCondition[], RequestRefusal> {
  const read = readFilters(filters, ENDPOINT_FILTERS)
  return read.ok ? accept(read.value.flatMap((filter) => conditionsOf(filter))) : read
}

type Filter = ReadFilter<keyof typeof ENDPOINT_FILTERS>

function conditionsOf(filter: Filter): readonly EndpointCondition[] {
  const { field, texts: values } = filter
  switch (field) {
    case 'endpoint_id_list':
      return [{ kind: 'one-of', column: 'id', values }]
    case 'hostname':
    case 'alias':
    case 'platform':
      return [{ kind: 'one-of', column: field, values }]
    case 'public_ip_list':
      return [{ kind: 'one-of', column: 'public-address', values }]
    case 'endpoint_version':
      return [{ kind: 'one-of', column: 'version', values }]
    case 'distribution_id':
      return [{ kind: 'one-of', column: 'distribution', values }]
    case 'dist_name':
      return [{ kind: 'distribution-name', values }]
    case 'ip_list':
      return [{ kind: 'has', list: 'addresses', values }]
    case 'username':
      return [{ kind: 'has', list: 'users', values }]
    case 'tag':
      return [{ kind: 'tags', values }]
    case 'operational_status':
      return [healthOf(values)]
    case 'endpoint_status':
      // `uninstalled` is documented, and no listed endpoint is: it adds nothing to the others.
      return [{ kind: 'connection', values: CONNECTION_STATUSES.filter((s) => values.includes(s)) }]
    case 'first_seen':
      return [timeOf(filter, 'first-seen')]
    case 'last_seen':
      return [timeOf(filter, 'last-seen')]
    default:
      return sameForAll(field, values)
  }
}

function healthOf(values: readonly string[]): EndpointCondition {
  return {
    kind: 'health',
    values: [
      ...(values.includes('protected') ? (['healthy'] as const) : []),
      ...(values.includes('partially_protected') ? (['unhealthy'] as const) : []),
    ],
  }
}

function timeOf(filter: Filter, kind: 'first-seen' | 'last-seen'): EndpointCondition {
  const [at = 0] = filter.numbers
  return { kind, operator: filter.operator === 'gte' ? '>=' : '<=', at }
}

/**
 * What this product never does is the same on every endpoint: as the original has it where nothing
 * was ever done. The filter holds for all of them or for none.
 */
function sameForAll(
  field: keyof typeof OF_EVERY_ENDPOINT,
  values: readonly string[],
): readonly EndpointCondition[] {
  const own = OF_EVERY_ENDPOINT[field]
  return own !== null && values.includes(own) ? [] : [{ kind: 'none' }]
}

const OF_EVERY_ENDPOINT = {
  isolate: 'unisolated',
  scan_status: 'none',
  cloud_provider: '',
  cloud_region: '',
  cloud_provider_account_id: '',
  cloud_instance_id: '',
  cloud_id: '',
  /** There are no groups: no name is that of one. */
  group_name: null,
} as const

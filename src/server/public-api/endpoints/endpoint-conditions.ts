import { accept, type Result, refuse } from '../../../base/result.ts'
import type { ListFilter } from '../../../contract/public/list.ts'
import type { FieldError } from '../../../contract/schema.ts'
import { CONNECTION_STATUSES } from '../../../domain/endpoint/endpoint.ts'
import type { EndpointCondition } from '../../../store/endpoint-list.ts'

/** The documented filters that name what an endpoint of ours has, and what each becomes. */
const LIST_FILTERS = {
  endpoint_id_list: { kind: 'one-of', column: 'id' },
  hostname: { kind: 'one-of', column: 'hostname' },
  alias: { kind: 'one-of', column: 'alias' },
  dist_name: { kind: 'one-of', column: 'distribution-name' },
  public_ip_list: { kind: 'one-of', column: 'public-address' },
  ip_list: { kind: 'has-address' },
  username: { kind: 'has-user' },
} as const

const TIME_FILTERS = { first_seen: 'first-seen', last_seen: 'last-seen' } as const
const PLATFORM_VALUES = ['windows', 'linux', 'macos', 'android']

const KNOWN_FIELDS = [
  ...Object.keys(LIST_FILTERS),
  'platform',
  'endpoint_status',
  ...Object.keys(TIME_FILTERS),
]

type Outcome = Result<EndpointCondition, FieldError>

/** Wire filters into house words; the first that cannot be is refused by its place. */
export function toConditions(
  filters: readonly ListFilter[],
): Result<readonly EndpointCondition[], readonly FieldError[]> {
  const outcomes = filters.map((filter, index) => toCondition(filter, index))
  const errors = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.refusal]))
  if (errors.length > 0) return refuse(errors)
  return accept(outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : [])))
}

function toCondition(filter: ListFilter, index: number): Outcome {
  const { field } = filter
  if (isKey(LIST_FILTERS, field)) {
    const values = textsOf(filter)
    if (!isListOperator(filter)) return refuseAt(index, 'operator', 'in')
    return accept({ ...LIST_FILTERS[field], values })
  }
  if (isKey(TIME_FILTERS, field)) return toTime(filter, TIME_FILTERS[field], index)
  if (field === 'platform') {
    if (!isListOperator(filter)) return refuseAt(index, 'operator', 'in')
    const values = textsOf(filter).map((value) => value.toLowerCase())
    if (values.every((value) => PLATFORM_VALUES.includes(value))) {
      return accept({ kind: 'one-of', column: 'platform', values })
    }
    return refuseAt(index, 'value', PLATFORM_VALUES.join(', '))
  }
  if (field === 'endpoint_status') return toConnection(filter, index)
  return refuseAt(index, 'field', `one of ${KNOWN_FIELDS.join(', ')}`)
}

function toConnection(filter: ListFilter, index: number): Outcome {
  if (!isListOperator(filter)) return refuseAt(index, 'operator', 'in')
  const names = textsOf(filter).map((value) => value.toLowerCase())
  // `uninstalled` is documented, and no listed endpoint is: it adds nothing to the others.
  const values = CONNECTION_STATUSES.filter((status) => names.includes(status))
  const isKnown = names.every(
    (name) => name === 'uninstalled' || CONNECTION_STATUSES.some((status) => status === name),
  )
  if (isKnown) return accept({ kind: 'connection', values })
  return refuseAt(index, 'value', 'connected, disconnected, lost or uninstalled')
}

function toTime(filter: ListFilter, column: 'first-seen' | 'last-seen', index: number): Outcome {
  if (filter.operator !== 'gte' && filter.operator !== 'lte') {
    return refuseAt(index, 'operator', 'gte or lte')
  }
  const at = Number(filter.value)
  if (Array.isArray(filter.value) || !Number.isSafeInteger(at)) {
    return refuseAt(index, 'value', 'a time in milliseconds UTC')
  }
  return accept({ kind: 'time', column, operator: filter.operator === 'gte' ? '>=' : '<=', at })
}

function isListOperator(filter: ListFilter): boolean {
  return filter.operator === 'in' || filter.operator === 'eq'
}

function textsOf(filter: ListFilter): readonly string[] {
  return [filter.value].flat().map(String)
}

function isKey<Row extends object>(table: Row, key: string): key is keyof Row & string {
  return Object.hasOwn(table, key)
}

function refuseAt(index: number, part: 'field' | 'operator' | 'value', right: string): Outcome {
  const loc = ['request_data', 'filters', index, part]
  return refuse({ type: 'invalid_value', loc, msg: `${part} must be ${right}` })
}

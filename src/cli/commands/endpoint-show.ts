import { accept } from '../../base/result.ts'
import type { EndpointObject } from '../../contract/public/endpoint-lists.ts'
import { defineApiCommand } from '../command.ts'
import { findCalled, findEndpoints, isEndpointId, platformText, where } from '../find-endpoints.ts'
import { EXIT, refuseFailed } from '../outcome.ts'
import { fieldLines, timeText } from '../print.ts'
import { upgradeText } from '../upgrade-lines.ts'

const SHOWN_MAX = 10
/** 2001: among the numbers of an endpoint only its times, in milliseconds, are as large. */
const FIRST_TIME = 1e12

export const endpointShow = defineApiCommand({
  name: 'endpoint show',
  summary: 'Show everything known of one endpoint',
  operands: [
    { name: 'ID', help: 'its id; its host name or alias, if only one has it', count: 'one' },
  ],
  options: {},
  async run({ client }, _values, [wanted = '']) {
    const { endpoints, total } = isEndpointId(wanted)
      ? await findEndpoints(client, [where('endpoint_id_list', [wanted])], SHOWN_MAX)
      : await findCalled(client, wanted, SHOWN_MAX)
    const [endpoint] = endpoints
    if (endpoint === undefined) return refuseFailed(`there is no endpoint ${wanted}`)
    if (total > 1) {
      const ids = endpoints.map(({ endpoint_id: id }) => id)
      return refuseFailed(`${total} endpoints are called ${wanted}; name one by its id`, ...ids)
    }
    return accept({ exitCode: EXIT.done, lines: linesOf(endpoint), json: endpoint })
  },
})

function linesOf(endpoint: EndpointObject): string[] {
  const { last_upgrade: upgrade } = endpoint
  return fieldLines([
    ['id', endpoint.endpoint_id],
    ['name', endpoint.endpoint_name],
    ['status', endpoint.endpoint_status.toLowerCase()],
    ['version', endpoint.endpoint_version ?? '-'],
    ['system', `${endpoint.operating_system} (${platformText(endpoint.os_type)})`],
    ['distribution', endpoint.installation_package],
    ['first seen', timeText(endpoint.first_seen)],
    ['last seen', timeText(endpoint.last_seen)],
    ...(upgrade === null
      ? []
      : ([
          ['last upgrade', `${upgrade.from_version} -> ${upgrade.target_version}`],
          ['upgrade state', upgradeText(upgrade)],
          ['action', String(upgrade.group_action_id)],
        ] as const)),
    ...otherFields(endpoint),
  ])
}

const SHOWN_ABOVE = new Set([
  ...['endpoint_id', 'endpoint_name', 'endpoint_status', 'endpoint_version', 'os_type'],
  ...['operating_system', 'installation_package', 'first_seen', 'last_seen', 'last_upgrade'],
])

/** The rest as the server words it, as far as it says anything. */
function otherFields(endpoint: EndpointObject): [string, string][] {
  return Object.entries(endpoint)
    .filter(([name]) => !SHOWN_ABOVE.has(name))
    .map(([name, value]): [string, string] => [name.replaceAll('_', ' '), valueText(value)])
    .filter(([, text]) => text !== '')
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(valueText).join(', ')
  if (typeof value === 'number' && value >= FIRST_TIME) return timeText(value)
  if (typeof value !== 'object') return String(value)
  const parts = Object.entries(value).map(([name, each]) => [name, valueText(each)] as const)
  return parts
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${name.replaceAll('_', ' ')}: ${text}`)
    .join('; ')
}

import { accept } from '../../base/result.ts'
import { DELETE_ENDPOINTS_MAX } from '../../contract/public/limits.ts'
import { defineApiCommand } from '../command.ts'
import { ENDPOINTS_OPERAND, namedEndpoints } from '../named-endpoints.ts'
import { EXIT, refuseFailed } from '../outcome.ts'
import { counted } from '../print.ts'

export const endpointDelete = defineApiCommand({
  name: 'endpoint delete',
  summary: 'Delete endpoints; one that checks in again comes back',
  notes: ['Their open upgrades end. To keep a machine away, uninstall its agent.'],
  operands: [ENDPOINTS_OPERAND],
  options: {},
  async run({ client }, _values, words) {
    const named = await namedEndpoints(client, words)
    if (!named.ok) return named
    const { filters, count } = named.value
    if (count > DELETE_ENDPOINTS_MAX) {
      return refuseFailed(`${count} endpoints are meant, and ${DELETE_ENDPOINTS_MAX} go at once`)
    }
    await client.endpoints.delete({ filters })
    const lines = [`${counted(count, 'endpoint')} deleted.`]
    return accept({ exitCode: EXIT.done, lines, json: { endpoints_count: count } })
  },
})

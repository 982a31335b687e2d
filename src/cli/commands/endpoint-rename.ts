import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { ENDPOINTS_OPERAND, namedEndpoints } from '../named-endpoints.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { counted } from '../print.ts'

export const endpointRename = defineApiCommand({
  name: 'endpoint rename',
  summary: 'Give endpoints an alias, or take it away',
  operands: [ENDPOINTS_OPERAND],
  options: {
    alias: { kind: 'text', value: 'TEXT', help: 'the alias' },
    clear: { kind: 'flag', help: 'take the alias away' },
  },
  async run({ client }, values, words) {
    if ((values.alias === undefined) !== values.clear) {
      return refuseUsage('It takes either --alias TEXT or --clear.')
    }
    const named = await namedEndpoints(client, words)
    if (!named.ok) return named
    const { filters, count } = named.value
    const alias = values.alias ?? ''
    await client.endpoints.updateAgentName({ filters, alias })
    const what = alias === '' ? 'without an alias' : `called ${alias}`
    const lines = [`${counted(count, 'endpoint')} now ${what}.`]
    return accept({ exitCode: EXIT.done, lines, json: { endpoints_count: count, alias } })
  },
})

import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { ENDPOINTS_OPERAND, namedEndpoints } from '../named-endpoints.ts'
import { EXIT } from '../outcome.ts'
import { counted } from '../print.ts'

export const endpointTag = defineApiCommand({
  name: 'endpoint tag',
  summary: 'Give endpoints a tag',
  operands: [ENDPOINTS_OPERAND],
  options: {
    tag: { kind: 'text', value: 'NAME', isRequired: true, help: 'the tag; a new one begins so' },
  },
  async run({ client }, { tag }, words) {
    const named = await namedEndpoints(client, words)
    if (!named.ok) return named
    const { filters, count } = named.value
    await client.tags.assign({ filters, tag })
    const lines = [`${counted(count, 'endpoint')} now with the tag ${tag}.`]
    return accept({ exitCode: EXIT.done, lines, json: { endpoints_count: count, tag } })
  },
})

import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { ENDPOINTS_OPERAND, namedEndpoints } from '../named-endpoints.ts'
import { EXIT } from '../outcome.ts'
import { counted } from '../print.ts'

export const endpointUntag = defineApiCommand({
  name: 'endpoint untag',
  summary: 'Take a tag from endpoints',
  notes: ['The tags that a machine brings with its own agent are changed there.'],
  operands: [ENDPOINTS_OPERAND],
  options: {
    tag: { kind: 'text', value: 'NAME', isRequired: true, help: 'the tag' },
  },
  async run({ client }, { tag }, words) {
    const named = await namedEndpoints(client, words)
    if (!named.ok) return named
    const { filters, count } = named.value
    await client.tags.remove({ filters, tag })
    const lines = [`${counted(count, 'endpoint')} now without the tag ${tag}.`]
    return accept({ exitCode: EXIT.done, lines, json: { endpoints_count: count, tag } })
  },
})

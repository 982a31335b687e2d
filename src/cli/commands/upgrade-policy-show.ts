import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'
import { policyLines } from '../upgrade-policy-text.ts'

export const upgradePolicyShow = defineApiCommand({
  name: 'upgrade-policy show',
  summary: 'Show what an upgrade policy wants now, who has it, and why it orders nothing',
  operands: [{ name: 'NAME', help: 'what "drydock upgrade-policy list" shows', count: 'one' }],
  options: {},
  async run({ client }, _values, [name = '']) {
    const { policies } = await client.upgradePolicies.get({ names: [name] })
    const lines = policies.flatMap(policyLines)
    return accept({ exitCode: EXIT.done, lines, json: policies[0] ?? null })
  },
})

import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'

export const upgradePolicyDelete = defineApiCommand({
  name: 'upgrade-policy delete',
  summary: 'Delete an upgrade policy; what it ordered goes on',
  operands: [{ name: 'NAME', help: 'what "drydock upgrade-policy list" shows', count: 'one' }],
  options: {},
  async run({ client }, _values, [name = '']) {
    await client.upgradePolicies.delete({ name })
    const lines = [`Upgrade policy ${name} deleted. What it ordered goes on.`]
    return accept({ exitCode: EXIT.done, lines, json: { name } })
  },
})

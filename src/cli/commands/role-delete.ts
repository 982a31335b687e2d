import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'

export const roleDelete = defineApiCommand({
  name: 'role delete',
  summary: 'Delete a role that nobody has',
  operands: [{ name: 'NAME', help: 'what "drydock role list" shows', count: 'one' }],
  options: {},
  async run({ client }, _values, [name = '']) {
    await client.rbac.deleteRole({ role_name: name })
    return accept({ exitCode: EXIT.done, lines: [`Role ${name} deleted.`], json: { name } })
  },
})

import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'

export const roleCreate = defineApiCommand({
  name: 'role create',
  summary: 'Make a role of permissions',
  operands: [{ name: 'NAME', help: 'what it is called', count: 'one' }],
  options: {
    permission: { kind: 'list', value: 'NAME', help: 'such as endpoints.view or upgrades.edit' },
    description: { kind: 'text', value: 'TEXT', help: 'for people' },
  },
  async run({ client }, values, [name = '']) {
    const { permission: permissions, description = null } = values
    const order = { role_name: name, description, permissions: [...permissions] }
    const role = await client.rbac.createRole(order)
    const lines = [`Role ${role.pretty_name} made.`]
    return accept({ exitCode: EXIT.done, lines, json: role })
  },
})

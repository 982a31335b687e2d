import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'
import { tableLines } from '../table.ts'

export const roleList = defineApiCommand({
  name: 'role list',
  summary: 'List the roles with what they may do',
  options: {},
  async run({ io, client }) {
    const roles = (await client.rbac.getRoles({})).flat()
    const lines = tableLines(
      [
        { title: 'NAME', cell: (role) => role.pretty_name, least: 10 },
        { title: 'USED BY', cell: (role) => String(role.users.length + role.groups.length) },
        { title: 'BUILT IN', cell: (role) => (role.is_built_in ? 'yes' : ''), spare: 1 },
        { title: 'PERMISSIONS', cell: (role) => shortOf(role.permissions), least: 12 },
      ],
      roles,
      io.stdout,
    )
    return accept({ exitCode: EXIT.done, lines, json: roles })
  },
})

/** Whoever may edit an area may view it: that needs no saying. */
function shortOf(permissions: readonly string[]): string {
  const isImplied = (permission: string) =>
    permission.endsWith('.view') && permissions.includes(permission.replace('.view', '.edit'))
  return permissions.filter((permission) => !isImplied(permission)).join(' ')
}

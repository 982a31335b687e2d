import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'
import { timeText } from '../print.ts'
import { tableLines } from '../table.ts'

export const userList = defineApiCommand({
  name: 'user list',
  summary: 'List the users with their roles',
  options: {},
  async run({ io, client }) {
    const users = await client.rbac.getUsers({})
    const lines = tableLines(
      [
        { title: 'EMAIL', cell: (user) => user.user_email, least: 12 },
        { title: 'NAME', cell: (user) => nameOf(user), least: 8, spare: 2 },
        { title: 'ROLE', cell: (user) => user.role_name, least: 8 },
        { title: 'GROUPS', cell: (user) => user.groups.join(', '), least: 6, spare: 1 },
        { title: 'TAGS', cell: (user) => user.scope.join(', '), least: 6, spare: 3 },
        { title: 'LAST SEEN', cell: (user) => timeText(user.last_logged_in), spare: 4 },
      ],
      users,
      io.stdout,
    )
    // To stderr: a script that reads the lines gets none.
    if (users.length === 0) io.stderr.write('No users.\n')
    return accept({ exitCode: EXIT.done, lines: users.length === 0 ? [] : lines, json: users })
  },
})

function nameOf(user: { readonly user_first_name: string; readonly user_last_name: string }) {
  return `${user.user_first_name} ${user.user_last_name}`.trim()
}

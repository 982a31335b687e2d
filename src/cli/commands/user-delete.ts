import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'
import { counted } from '../print.ts'

export const userDelete = defineApiCommand({
  name: 'user delete',
  summary: 'Delete a user and all their API keys',
  operands: [{ name: 'EMAIL', help: 'what "drydock user list" shows', count: 'one' }],
  options: {},
  async run({ client }, _values, [email = '']) {
    const reply = await client.rbac.deleteUser({ user_email: email })
    const keys = counted(reply.deleted_keys.length, 'API key')
    const lines = [`User ${email} deleted, with ${keys}.`]
    return accept({ exitCode: EXIT.done, lines, json: reply })
  },
})

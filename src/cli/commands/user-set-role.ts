import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { counted } from '../print.ts'

export const userSetRole = defineApiCommand({
  name: 'user set-role',
  summary: 'Give users a role, or take it away, for all their API keys',
  operands: [{ name: 'EMAIL', help: 'what "drydock user list" shows', count: 'many' }],
  options: {
    role: { kind: 'text', value: 'NAME', help: 'the role' },
    none: { kind: 'flag', help: 'take it away' },
  },
  async run({ client }, values, emails) {
    const { role, none } = values
    if ((role === undefined) !== none) return refuseUsage('It takes either --role NAME or --none.')
    const order = { user_emails: [...emails], role_name: role ?? '' }
    const reply = await client.rbac.setUserRole(order)
    const lines = [`${counted(Number(reply.update_count), 'user')} changed.`]
    return accept({ exitCode: EXIT.done, lines, json: reply })
  },
})

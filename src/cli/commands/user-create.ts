import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'

export const userCreate = defineApiCommand({
  name: 'user create',
  summary: 'Record a user, whose API keys can do no more than they may',
  operands: [{ name: 'EMAIL', help: 'their address', count: 'one' }],
  options: {
    role: { kind: 'text', value: 'NAME', help: 'what they may do (default: nothing)' },
    'first-name': { kind: 'text', value: 'NAME', help: 'for people' },
    'last-name': { kind: 'text', value: 'NAME', help: 'for people' },
    tag: { kind: 'list', value: 'NAME', help: 'only endpoints with this tag' },
  },
  async run({ client }, values, [email = '']) {
    const user = await client.rbac.createUser({
      user_email: email,
      user_first_name: values['first-name'] ?? null,
      user_last_name: values['last-name'] ?? null,
      role_name: values.role ?? null,
      scope: values.tag.length === 0 ? null : { tags: [...values.tag] },
    })
    const role = user.role_name === '' ? 'no role' : `the role ${user.role_name}`
    const lines = [`User ${user.user_email} recorded, with ${role}.`]
    return accept({ exitCode: EXIT.done, lines, json: user })
  },
})

import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'
import { timeText } from '../print.ts'
import { tableLines } from '../table.ts'

export const keyList = defineApiCommand({
  name: 'key list',
  summary: 'List the API keys',
  options: {},
  async run({ io, client }) {
    const { DATA: keys } = await client.apiKeys.get()
    const lines = tableLines(
      [
        { title: 'ID', cell: (key) => String(key.id) },
        { title: 'MODE', cell: (key) => key.security_level },
        { title: 'NAME', cell: (key) => key.comment ?? '', least: 8 },
        { title: 'ROLES', cell: (key) => key.roles.join(', '), least: 8, spare: 2 },
        { title: 'USER', cell: (key) => key.user_email ?? '', least: 8, spare: 4 },
        { title: 'TAGS', cell: (key) => key.scope?.tags.join(', ') ?? '', least: 8, spare: 5 },
        { title: 'CREATED', cell: (key) => timeText(key.creation_time), spare: 1 },
        { title: 'EXPIRES', cell: (key) => timeText(key.expiration) },
        { title: 'USED', cell: (key) => timeText(key.last_used ?? null), spare: 3 },
      ],
      keys,
      io.stdout,
    )
    return accept({ exitCode: EXIT.done, lines, json: keys })
  },
})

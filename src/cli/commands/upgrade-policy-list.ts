import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'
import { tableLines } from '../table.ts'
import { fulfilledText, membersText, wantsText } from '../upgrade-policy-text.ts'

export const upgradePolicyList = defineApiCommand({
  name: 'upgrade-policy list',
  summary: 'List the upgrade policies in their precedence',
  options: {},
  async run({ io, client }) {
    const { policies } = await client.upgradePolicies.get({})
    const lines = tableLines(
      [
        { title: 'NAME', cell: (policy) => policy.name, least: 10 },
        { title: 'PRIORITY', cell: (policy) => String(policy.priority), spare: 2 },
        { title: 'FOR', cell: membersText, least: 8, spare: 3 },
        { title: 'VERSION', cell: (policy) => policy.version },
        { title: 'WANTS NOW', cell: wantsText, least: 12, spare: 1 },
        { title: 'HAVE IT', cell: fulfilledText },
        { title: 'NOW', cell: (policy) => policy.reason ?? 'about to order', least: 12 },
      ],
      policies,
      io.stdout,
    )
    // To stderr: a script that reads the lines gets none.
    if (policies.length === 0) io.stderr.write('No upgrade policies.\n')
    const shown = policies.length === 0 ? [] : lines
    return accept({ exitCode: EXIT.done, lines: shown, json: policies })
  },
})

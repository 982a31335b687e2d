import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'
import { timeText } from '../print.ts'
import { tableLines } from '../table.ts'

export const trustListCertificates = defineApiCommand({
  name: 'trust list-certificates',
  summary: 'List the certificates that packages are signed with',
  options: {},
  async run({ io, client }) {
    const { certificates } = await client.trust.getCertificates()
    const now = io.clock.now()
    const lines = tableLines(
      [
        { title: 'FOR', cell: (each) => each.purpose },
        { title: 'SUBJECT', cell: (each) => each.subject, least: 12 },
        { title: 'ISSUER', cell: (each) => each.issuer, least: 12, spare: 2 },
        { title: 'ENDS', cell: (each) => timeText(each.not_after) },
        { title: 'STATE', cell: (each) => (each.not_after < now ? 'expired' : 'signs') },
        { title: 'IMPORTED', cell: (each) => timeText(each.imported_at), spare: 1 },
      ],
      certificates,
      io.stdout,
    )
    return accept({ exitCode: EXIT.done, lines, json: certificates })
  },
})

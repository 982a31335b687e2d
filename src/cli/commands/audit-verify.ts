import { isDigest } from '../../base/digest.ts'
import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { counted } from '../print.ts'

const PROBLEMS = {
  changed: 'it was changed',
  missing: 'it is missing',
  inserted: 'it was put there from outside',
  'head-not-ours': 'the end of the chain is not the one that this server made, or that was kept',
} as const

export const auditVerify = defineApiCommand({
  name: 'audit verify',
  summary: 'Prove that nobody changed the audit log behind the back of the server',
  notes: ['Keep the head that it prints elsewhere: with it, a log that was cut is noticed too.'],
  options: {
    head: { kind: 'text', value: 'SEQUENCE:HASH', help: 'a head that an earlier run printed' },
  },
  async run({ io, client }, values) {
    const kept = values.head === undefined ? null : headIn(values.head)
    if (values.head !== undefined && kept === null) {
      return refuseUsage(`--head is a number, a colon and 64 characters, not "${values.head}".`)
    }
    let found = await client.audits.verify({ head: kept })
    while (found.valid && !found.is_whole) {
      const { verified, head } = found
      io.stderr.write(`${verified.sequence} of ${counted(head.sequence, 'entry', 'entries')} ...\n`)
      found = await client.audits.verify({ head: kept, from: verified })
    }
    const { valid, broken, head, unsealed } = found
    const text = `${head.sequence}:${head.hash}`
    const entries = counted(head.sequence, 'entry', 'entries')
    const lines =
      broken === null
        ? [`The audit log holds: ${entries}.`, `head: ${text}`]
        : [
            `The audit log is broken at entry ${broken.sequence}: ${PROBLEMS[broken.problem]}.`,
            `It holds up to entry ${found.verified.sequence}.`,
          ]
    const json = { valid, entries: found.entries, unsealed, head: text, broken }
    return accept({ exitCode: valid ? EXIT.done : EXIT.failed, lines, json })
  },
})

function headIn(text: string): { sequence: number; hash: string } | null {
  const [, sequence = '', hash = ''] = /^(\d{1,15}):(.*)$/.exec(text.trim()) ?? []
  return sequence !== '' && isDigest(hash) ? { sequence: Number(sequence), hash } : null
}

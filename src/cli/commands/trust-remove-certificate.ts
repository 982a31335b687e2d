import { accept } from '../../base/result.ts'
import { PURPOSES } from '../certificate-text.ts'
import { defineApiCommand } from '../command.ts'
import { flawOfChoice } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'

export const trustRemoveCertificate = defineApiCommand({
  name: 'trust remove-certificate',
  summary: 'Remove a certificate with its key: packages are not signed any more',
  options: {
    for: { kind: 'text', value: 'NAME', isRequired: true, help: 'windows or macos' },
  },
  async run({ client }, values) {
    const purpose = PURPOSES.find((each) => each === values.for)
    const flaw = flawOfChoice('--for', values.for, PURPOSES)
    if (flaw !== null || purpose === undefined) return refuseUsage(flaw ?? '--for names nothing.')
    const removed = await client.trust.removeCertificate({ purpose })
    const lines = [`Removed ${removed.subject}: packages for ${purpose} are not signed any more.`]
    return accept({ exitCode: EXIT.done, lines, json: removed })
  },
})

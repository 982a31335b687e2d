import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT, refuseUsage } from '../outcome.ts'

export const trustExport = defineApiCommand({
  name: 'trust export',
  summary: 'Give the public key that packages are checked with',
  notes: [
    'drydock trust export --rpm > drydock.asc; then "rpm --import drydock.asc" on a machine.',
  ],
  options: {
    rpm: { kind: 'flag', help: 'the key that signs rpm packages, for rpm, dnf and zypper' },
  },
  async run({ client }, values) {
    if (!values.rpm) return refuseUsage('say which key: --rpm')
    const key = await client.trust.getPackageKey({ format: 'rpm' })
    return accept({ exitCode: EXIT.done, lines: key.public_key.trimEnd().split('\n'), json: key })
  },
})

import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT, refuseUsage } from '../outcome.ts'

export const trustExport = defineApiCommand({
  name: 'trust export',
  summary: 'Give the public key that packages are checked with',
  notes: [
    'drydock trust export --rpm > drydock.asc; then "rpm --import drydock.asc" on a machine.',
    'drydock trust export --android > drydock.pem; apksigner verify --print-certs shows the same.',
  ],
  options: {
    rpm: { kind: 'flag', help: 'the key that signs rpm packages, for rpm, dnf and zypper' },
    android: { kind: 'flag', help: 'the certificate of the packages for Android' },
  },
  async run({ client }, values) {
    if (values.rpm === values.android) return refuseUsage('say which key: --rpm or --android')
    const format = values.rpm ? 'rpm' : 'apk'
    const key = await client.trust.getPackageKey({ format })
    return accept({ exitCode: EXIT.done, lines: key.public_key.trimEnd().split('\n'), json: key })
  },
})

import { accept } from '../../base/result.ts'
import { flawOfPackageType } from '../await-package.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT, refuseUsage } from '../outcome.ts'

export const distributionUrl = defineApiCommand({
  name: 'distribution url',
  summary: 'Give an address to download a package without a key',
  operands: [
    { name: 'ID', help: 'what "drydock distribution create" gave', count: 'one' },
    { name: 'TYPE', help: 'deb, aarch64_deb, x64, pkg, yaml, apk ...', count: 'one' },
  ],
  options: {
    page: { kind: 'flag', help: "of apk or qr: the page for a phone's browser, which stays good" },
  },
  async run({ client }, values, [id = '', type = '']) {
    const flaw = flawOfPackageType('TYPE', type)
    if (flaw !== null) return refuseUsage(flaw)
    const reply = await client.distributions.getDistUrl({ distribution_id: id, package_type: type })
    const url = values.page ? reply.enrolment_url : reply.distribution_url
    if (url === undefined) return refuseUsage('--page is for the types apk and qr.')
    return accept({ exitCode: EXIT.done, lines: [url], json: reply })
  },
})

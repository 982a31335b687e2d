import { accept } from '../../base/result.ts'
import { PACKAGE_TYPES } from '../../contract/public/distributions.ts'
import { defineApiCommand } from '../command.ts'
import { flawOfChoice } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'

export const distributionUrl = defineApiCommand({
  name: 'distribution url',
  summary: 'Give an address to download a package without a key',
  operands: [
    { name: 'ID', help: 'what "drydock distribution create" gave', count: 'one' },
    { name: 'TYPE', help: 'deb, rpm, sh, or one of them after aarch64_', count: 'one' },
  ],
  options: {},
  async run({ client }, _values, [id = '', type = '']) {
    const flaw = flawOfChoice('TYPE', type, PACKAGE_TYPES)
    if (flaw !== null) return refuseUsage(flaw)
    const reply = await client.distributions.getDistUrl({ distribution_id: id, package_type: type })
    return accept({ exitCode: EXIT.done, lines: [reply.distribution_url], json: reply })
  },
})

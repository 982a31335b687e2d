import { accept } from '../../base/result.ts'
import { failedBuild } from '../await-package.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'

export const distributionStatus = defineApiCommand({
  name: 'distribution status',
  summary: 'Say whether a distribution is built',
  operands: [{ name: 'ID', help: 'what "drydock distribution create" gave', count: 'one' }],
  options: {},
  async run({ client }, _values, [id = '']) {
    const status = await client.distributions.getStatus(id)
    if (status.status === 'Failed') return failedBuild(id, status)
    const types = status.supported_packages.join(', ')
    const lines = [types === '' ? status.status : `${status.status}: ${types}`]
    return accept({ exitCode: EXIT.done, lines, json: { distribution_id: id, ...status } })
  },
})

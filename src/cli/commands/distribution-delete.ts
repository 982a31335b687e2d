import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'

export const distributionDelete = defineApiCommand({
  name: 'distribution delete',
  summary: 'End enrolment with the packages of a distribution',
  notes: ['Its endpoints go on; links to its packages stop working, and its name is free again.'],
  operands: [{ name: 'ID', help: 'what "drydock distribution list" shows', count: 'one' }],
  options: {},
  async run({ client }, _values, [id = '']) {
    await client.distributions.delete(id)
    const lines = [`Distribution ${id} is deleted.`]
    return accept({ exitCode: EXIT.done, lines, json: { distribution_id: id, deleted: true } })
  },
})

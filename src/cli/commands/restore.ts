import { accept } from '../../base/result.ts'
import { defineOwnCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'
import { counted } from '../print.ts'

export const restore = defineOwnCommand({
  name: 'restore',
  summary: 'Bring a backup back, into an empty data directory',
  notes: [
    'The file is checked whole before anything of it is used. The data directory is the one of',
    'DRYDOCK_DATA_DIR, else ./data.',
  ],
  operands: [{ name: 'FILE', help: 'what "drydock backup" wrote', count: 'one' }],
  options: {},
  async run({ server }, _values, [file = '']) {
    const summary = await server.restore(file)
    const { rows, tables, artifacts } = summary
    const what = `${counted(rows, 'row')} of ${counted(tables, 'table')}`
    const lines = [
      `${file} is back: ${what} and ${counted(artifacts, 'artifact')}.`,
      'Start it with "drydock serve".',
    ]
    return accept({ exitCode: EXIT.done, lines, json: { file, ...summary } })
  },
})

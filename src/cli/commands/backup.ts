import { accept } from '../../base/result.ts'
import { defineOwnCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'
import { bytesText, counted } from '../print.ts'

export const backup = defineOwnCommand({
  name: 'backup',
  summary: "Write everything of this machine's server into one file",
  notes: [
    'It works while the server runs and while it does not. The file holds the instance secret and',
    'the admin key: whoever can read it owns the fleet.',
  ],
  operands: [{ name: 'FILE', help: 'the file to write; it must not exist', count: 'one' }],
  options: {},
  async run({ server }, _values, [file = '']) {
    const summary = await server.backup(file)
    const { rows, tables, artifacts, bytes } = summary
    const what = `${counted(rows, 'row')} of ${counted(tables, 'table')}`
    const size = `${counted(artifacts, 'artifact')}, ${bytesText(bytes)} in all`
    const lines = [`${file} holds ${what} and ${size}.`]
    return accept({ exitCode: EXIT.done, lines, json: { file, ...summary } })
  },
})

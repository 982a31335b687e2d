import { accept } from '../../base/result.ts'
import { defineOwnCommand } from '../command.ts'
import { EXIT, refuseOwn } from '../outcome.ts'
import { bytesText, counted } from '../print.ts'

export const backup = defineOwnCommand({
  name: 'backup',
  summary: "Write everything of this machine's server into one file",
  notes: [
    'It works while the server runs and while it does not. The file gets its name when it is',
    'whole, and then replaces an older one. It holds the instance secret and the admin key:',
    'whoever can read it owns the fleet.',
  ],
  operands: [{ name: 'FILE', help: 'the file to write', count: 'one' }],
  options: {},
  async run({ server }, _values, [file = '']) {
    const backedUp = await server.backup(file)
    if (!backedUp.ok) return refuseOwn(backedUp.refusal)
    const { rows, tables, artifacts, bytes } = backedUp.value
    const what = `${counted(rows, 'row')} of ${counted(tables, 'table')}`
    const size = `${counted(artifacts, 'artifact')}, ${bytesText(bytes)} in all`
    const lines = [`${file} holds ${what} and ${size}.`]
    return accept({ exitCode: EXIT.done, lines, json: { file, ...backedUp.value } })
  },
})

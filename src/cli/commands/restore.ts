import { accept } from '../../base/result.ts'
import { defineOwnCommand } from '../command.ts'
import { isReadable } from '../is-readable.ts'
import { EXIT, refuseOwn, refuseUsage } from '../outcome.ts'
import { counted, timeText } from '../print.ts'

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
    // Before anything is made in the data directory: a wrong name leaves no trace.
    if (!(await isReadable(file))) return refuseUsage(`${file} cannot be read.`)
    const restored = await server.restore(file)
    if (!restored.ok) return refuseOwn(restored.refusal)
    const { rows, artifacts, createdAt } = restored.value
    const what = `${counted(rows, 'row')} and ${counted(artifacts, 'artifact')}`
    const lines = [
      `The state of ${timeText(createdAt)} is back: ${what}.`,
      'Start it with "drydock serve".',
    ]
    return accept({ exitCode: EXIT.done, lines, json: { file, ...restored.value } })
  },
})

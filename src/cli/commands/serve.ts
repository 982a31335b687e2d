import { accept } from '../../base/result.ts'
import { defineOwnCommand } from '../command.ts'
import { EXIT_CODES, refuseFailed } from '../outcome.ts'

export const serve = defineOwnCommand({
  name: 'serve',
  summary: 'Run the server until it is told to stop',
  notes: [
    'Its settings are environment variables: DRYDOCK_LISTEN, DRYDOCK_DATA_DIR, DATABASE_URL and',
    'the others that the README lists.',
  ],
  options: {},
  async run({ server }) {
    const code = await server.serve()
    const known = EXIT_CODES.find(([each]) => each === code)?.[0]
    if (known === undefined) return refuseFailed(`the server ended with code ${code}`)
    return accept({ exitCode: known, lines: [], json: { exit_code: code } })
  },
})

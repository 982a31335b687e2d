/**
 * Puts the CLI together with this process. What only some commands need is imported when they run.
 */

import packageFile from '../../package.json' with { type: 'json' }
import { systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import type { Io, Output, OwnServer } from '../cli/io.ts'
import { run } from '../cli/run.ts'
import { readCliEnvironment } from './cli-environment.ts'

const COLUMNS_DEFAULT = 80
const ROWS_DEFAULT = 24

const environment = readCliEnvironment()

const ownServer: OwnServer = {
  serve: async () => (await import('./server.ts')).serve(),
  backup: async (file) => (await import('./backup.ts')).backup(environment, file),
  restore: async (file) => (await import('./backup.ts')).restore(environment, file),
}

const io: Io = {
  stdout: outputTo(process.stdout),
  stderr: outputTo(process.stderr),
  clock: systemClock,
  random: systemRandom,
  fetch: globalThis.fetch,
  settings: environment.settings,
}

// Whoever reads may stop reading: `drydock endpoint list | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: Error & { code?: string }) => {
    if (error.code !== 'EPIPE') throw error
  })
}

process.exitCode = await run(process.argv.slice(2), io, {
  server: ownServer,
  version: packageFile.version,
})

function outputTo(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => {
      stream.write(text)
    },
    isTerminal: stream.isTTY === true && !environment.isDumbTerminal,
    // Some terminals say that they have none.
    columns: () => stream.columns || COLUMNS_DEFAULT,
    rows: () => stream.rows || ROWS_DEFAULT,
  }
}

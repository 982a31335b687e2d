/** What the command line reads of the environment; the server's own variables: environment.ts. */
import { join } from 'node:path'
import type { CliSettings } from '../cli/io.ts'

const SERVER_DEFAULT = 'http://127.0.0.1:8080'
const DATA_DIR_DEFAULT = './data'

export type CliEnvironment = {
  readonly settings: CliSettings
  /** A terminal that understands no more than lines (`TERM=dumb`) is treated as a pipe. */
  readonly isDumbTerminal: boolean
  /** Of the server on this machine, for backup and restore. */
  readonly dataDir: string
  /** Of a database of one's own; null: the embedded one. */
  readonly databaseUrl: string | null
}

export function readCliEnvironment(): CliEnvironment {
  const { DRYDOCK_URL, DRYDOCK_KEY_FILE, DRYDOCK_DATA_DIR, DATABASE_URL, TERM } = process.env
  // A variable that is set to nothing is not set.
  const dataDir = DRYDOCK_DATA_DIR || DATA_DIR_DEFAULT
  return {
    settings: {
      server: DRYDOCK_URL || SERVER_DEFAULT,
      keyFile: DRYDOCK_KEY_FILE || join(dataDir, 'admin-key.json'),
    },
    isDumbTerminal: TERM === 'dumb',
    dataDir,
    databaseUrl: DATABASE_URL || null,
  }
}

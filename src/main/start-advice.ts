/** What a person at the terminal can do about a start that failed; by the code of its fault. */
import type { Fault } from '../base/fault.ts'

const ADVICE: Readonly<Record<string, string>> = {
  'cannot-listen':
    'DRYDOCK_LISTEN chooses another address: DRYDOCK_LISTEN=127.0.0.1:8090 npm start',
  'data-dir-in-use':
    'stop that one first, or name another directory: DRYDOCK_DATA_DIR=./other npm start',
  'data-dir-not-usable': 'DRYDOCK_DATA_DIR names the directory; this user must own it',
  'data-dir-not-lockable': 'DRYDOCK_DATA_DIR names the directory; this user must own it',
  'database-unavailable': 'DATABASE_URL names the database; without it the server brings its own',
  'sealed-value-damaged':
    'a database opens only with its own instance-secret: copy that file into DRYDOCK_DATA_DIR',
}

/** Null: what the fault says is all there is to say. */
export function startAdvice({ code }: Fault): string | null {
  return ADVICE[code] ?? null
}

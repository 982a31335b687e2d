/**
 * The database, opened: reading and writing are different types, and different connections.
 *
 * `read` can only select; its connections are read-only sessions, so the database itself refuses
 * anything else. `write` runs its work in one transaction, by default at READ COMMITTED. Why not
 * SERIALIZABLE: a fleet's check-ins write all the time to few tables, serializable transactions
 * would take predicate locks on whole pages of them and fail each other over rows that have nothing
 * to do with each other. So whoever decides on rows locks them first (`lockEndpoints`), and rules
 * about rows that do not exist yet are unique indexes. A rule that neither can hold asks for
 * `serializable`.
 *
 * Work may run up to five times, and may touch nothing but its transaction.
 */
import { Kysely, type Transaction } from 'kysely'
import { Pool, type PoolConfig, types } from 'pg'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { invariant } from '../base/invariant.ts'
import type { Log } from '../base/log.ts'
import { jittered, type Random } from '../base/random.ts'
import { type Connection, clientSettings } from './connection.ts'
import { isConflict } from './database-fault.ts'
import { type DatabaseWatch, poolDialect } from './driver.ts'
import type { Tables } from './tables.ts'

export type Reader = Pick<
  Kysely<Tables>,
  'selectFrom' | 'selectNoFrom' | 'with' | 'withRecursive' | 'fn' | 'case' | 'getExecutor'
>
export type Writer = Transaction<Tables>

export type Isolation = 'read committed' | 'serializable'

export type Database = AsyncDisposable & {
  readonly connection: Connection
  readonly read: Reader
  write<Value>(work: (tx: Writer) => Promise<Value>, isolation?: Isolation): Promise<Value>
}

export type DatabaseNeeds = {
  readonly connection: Connection
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  readonly watch?: DatabaseWatch
}

/** Of each of the two pools: more than the cores of a large machine wait for the disk anyway. */
const CONNECTIONS_MAX = 8
const CONNECT_MS_MAX = 10_000
/** A request's patience; anything that needs longer needs another query. */
const STATEMENT_MS_MAX = 30_000
const LOCK_MS_MAX = 10_000
const IDLE_IN_TRANSACTION_MS_MAX = 30_000
/**
 * The client's own limit, for a server that has vanished; beyond the server's, which tells more.
 */
const QUERY_MS_MAX = STATEMENT_MS_MAX + 5_000

export const WRITE_ATTEMPTS_MAX = 5
const RETRY_MS = 10
const RETRY_JITTER = 0.5

const INT8 = 20

export function openDatabase(needs: DatabaseNeeds): Database {
  const read = openPool(needs, { options: '-c default_transaction_read_only=on' })
  const write = openPool(needs, {})
  return {
    connection: needs.connection,
    read,
    write: (work, isolation = 'read committed') =>
      writeWithRetries(needs, () => write.transaction().setIsolationLevel(isolation).execute(work)),
    async [Symbol.asyncDispose]() {
      await Promise.all([read.destroy(), write.destroy()])
    },
  }
}

function openPool(needs: DatabaseNeeds, settings: PoolConfig): Kysely<Tables> {
  const pool = new Pool({
    ...clientSettings(needs.connection),
    ...settings,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    lock_timeout: LOCK_MS_MAX,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS_MAX,
    query_timeout: QUERY_MS_MAX,
    keepAlive: true,
    application_name: 'drydock',
    types: { getTypeParser },
  })
  pool.on('error', (error) => {
    needs.log.warn({ error: error.message }, 'an idle database connection broke')
  })
  return new Kysely<Tables>({ dialect: poolDialect(pool, needs.watch) })
}

const getTypeParser: typeof types.getTypeParser = (id: number, format?: 'text' | 'binary') =>
  id === INT8 && format !== 'binary' ? parseInt8 : types.getTypeParser(id, format)

/** All of ours are counts, byte sizes and milliseconds: below 2^53. */
function parseInt8(text: string): number {
  const number = Number(text)
  invariant(Number.isSafeInteger(number), 'an int8 of ours is below 2^53')
  return number
}

async function writeWithRetries<Value>(
  needs: DatabaseNeeds,
  attempt: () => Promise<Value>,
): Promise<Value> {
  for (let count = 1; ; count++) {
    try {
      return await attempt()
    } catch (error) {
      if (!isConflict(error)) throw error
      if (count === WRITE_ATTEMPTS_MAX) {
        const doing = `writing to the database, ${count} times in conflict with others`
        throw new Fault({ code: 'database-contended', doing, retry: 'later', cause: error })
      }
      await needs.clock.sleep(jittered(needs.random, RETRY_MS * 2 ** count, RETRY_JITTER)).done
    }
  }
}

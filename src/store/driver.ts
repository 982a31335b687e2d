/**
 * Kysely's driver over a pool of `pg`, with two habits of ours: what the world did to a query is
 * told as a Fault, and a connection that saw a fault is never used again.
 */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresDialect,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import type { Pool, PoolClient } from 'pg'
import { invariant } from '../base/invariant.ts'
import { databaseFault } from './database-fault.ts'

/** Sees what is asked of the database: the simulator does, and ends a server in the middle. */
export type DatabaseWatch = {
  /** A connection may be used from when this resolves, until what it gives is called. */
  begin(): Promise<() => void>
  /** Before each statement; what it throws is met by whoever asked. */
  onStatement(statement: string): void
  /** The name under which a connection keeps the statement prepared; absent: it does not. */
  nameOf?(statement: string): string | undefined
}

export function poolDialect(pool: Pool, watch?: DatabaseWatch): Dialect {
  const postgres = new PostgresDialect({ pool })
  return {
    createAdapter: () => postgres.createAdapter(),
    createIntrospector: (database) => postgres.createIntrospector(database),
    createQueryCompiler: () => postgres.createQueryCompiler(),
    createDriver: () => new PoolDriver(pool, watch),
  }
}

/** Longer statements are cut in messages: what they did is in their beginning. */
const STATEMENT_CHARACTERS_SHOWN = 80

class PoolDriver implements Driver {
  readonly #pool: Pool
  readonly #watch: DatabaseWatch | undefined

  constructor(pool: Pool, watch: DatabaseWatch | undefined) {
    this.#pool = pool
    this.#watch = watch
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PooledConnection> {
    const end = this.#watch === undefined ? () => {} : await this.#watch.begin()
    try {
      return new PooledConnection(await this.#pool.connect(), { end, watch: this.#watch })
    } catch (error) {
      end()
      throw databaseFault(error, 'connecting to the database') ?? error
    }
  }

  async beginTransaction(
    connection: PooledConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    const isolation = settings.isolationLevel ?? 'read committed'
    await connection.run(`begin isolation level ${isolation} ${settings.accessMode ?? ''}`)
  }

  async commitTransaction(connection: PooledConnection): Promise<void> {
    const command = await connection.run('commit')
    // PostgreSQL answers so when an earlier statement failed and somebody caught its error.
    invariant(command === 'COMMIT', 'a transaction with a failed statement is not committed')
  }

  async rollbackTransaction(connection: PooledConnection): Promise<void> {
    try {
      await connection.run('rollback')
    } catch {
      // Best effort: the connection is discarded, which rolls back too; the error that led here
      // matters more.
      connection.discard()
    }
  }

  async releaseConnection(connection: PooledConnection): Promise<void> {
    connection.release()
  }

  async destroy(): Promise<void> {
    await this.#pool.end()
  }
}

type Watched = { readonly end: () => void; readonly watch: DatabaseWatch | undefined }

class PooledConnection implements DatabaseConnection {
  readonly #client: PoolClient
  readonly #watched: Watched
  #isDiscarded = false

  constructor(client: PoolClient, watched: Watched) {
    this.#client = client
    this.#watched = watched
    // A connection that breaks while nothing is asked of it tells so with an event; unheard, it
    // ends the process.
    client.on('error', this.#onError)
  }

  readonly #onError = () => this.discard()

  async run(statement: string): Promise<string> {
    return (await this.#query(statement, [])).command
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const result = await this.#query(query.sql, query.parameters)
    // The row's type is Kysely's, computed from the query.
    const rows = result.rows as Row[]
    return result.rowCount === null || result.command === 'SELECT'
      ? { rows }
      : { rows, numAffectedRows: BigInt(result.rowCount) }
  }

  async #query(statement: string, parameters: readonly unknown[]) {
    const { watch } = this.#watched
    watch?.onStatement(statement)
    const values = [...parameters]
    // What has no parameters costs the database nothing to read.
    const name = values.length === 0 ? undefined : watch?.nameOf?.(statement)
    try {
      if (name !== undefined) return await this.#client.query({ name, text: statement, values })
      // Not an object, which pg would copy property by property.
      return await this.#client.query(statement, values)
    } catch (error) {
      const fault = databaseFault(error, `asking the database: ${shortened(statement)}`)
      if (fault === null) throw error
      this.discard()
      throw fault
    }
  }

  // biome-ignore lint/correctness/useYield: Kysely's interface wants it; nothing here asks for it.
  async *streamQuery(): AsyncGenerator<never> {
    invariant(false, 'queries are not streamed')
  }

  discard(): void {
    this.#isDiscarded = true
  }

  release(): void {
    this.#client.off('error', this.#onError)
    this.#client.release(this.#isDiscarded)
    this.#watched.end()
  }
}

function shortened(statement: string): string {
  return statement.replaceAll(/\s+/g, ' ').slice(0, STATEMENT_CHARACTERS_SHOWN)
}

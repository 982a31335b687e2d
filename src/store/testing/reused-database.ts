/**
 * A migrated database for many runs, one after the other, where making one for each would cost more
 * than the run: what a run wrote is taken out for the next, and connections go on with the tables
 * they know and the statements they have prepared.
 *
 * Guaranteed: what a run sees does not depend on those before it. Tables and sequences begin anew,
 * plans are made anew and without a look at values, and nothing is ever gathered about the tables.
 */
import { sql } from 'kysely'
import { systemClock } from '../../base/clock.ts'
import { silentLog } from '../../base/log.ts'
import { systemRandom } from '../../base/random.ts'
import type { DatabaseWatch } from '../driver.ts'
import { type Database, openDatabase } from '../open.ts'
import { createTestDatabase, openTestDatabase, TEMPLATE } from './database.ts'

/** A connection holds some tens of kilobytes for each. */
const PREPARED_MAX = 500

const SETTINGS = [
  "plan_cache_mode = 'force_generic_plan'",
  'track_counts = off',
  'track_activities = off',
  'update_process_title = off',
]

type Made = Awaited<ReturnType<typeof createTestDatabase>>

/** A database as one opened it, and whoever watches what the run of now asks of it. */
type Held = { readonly database: Database; readonly by: { watch: DatabaseWatch | undefined } }

export class ReusedDatabase implements AsyncDisposable {
  readonly #made: Made
  readonly #own: Database
  readonly #held: Held[] = []
  readonly #names = new Map<string, string>()
  #taken = 0

  private constructor(made: Made, own: Database) {
    this.#made = made
    this.#own = own
  }

  static async make(): Promise<ReusedDatabase> {
    const made = await createTestDatabase(TEMPLATE)
    const { connection } = made
    await using before = openTestDatabase(connection)
    await settle(before)
    return new ReusedDatabase(made, openTestDatabase(connection))
  }

  /** Whoever opens it as the first, second ... of a run has the connections of the run before. */
  open(watch?: DatabaseWatch): Database {
    const held = this.#held[this.#taken] ?? this.#open()
    this.#taken += 1
    held.by.watch = watch
    return { ...held.database, [Symbol.asyncDispose]: async () => {} }
  }

  /** The run has ended: nobody uses what it opened. */
  async empty(): Promise<void> {
    this.#taken = 0
    await this.#own.write(async (tx) => {
      const { rows } = await sql<{ name: string }>`
        select relname as name from pg_class
        where relkind = 'r' and relnamespace = current_schema()::regnamespace
          and relname not like 'schema\\_%' and pg_relation_size(oid) > 0`.execute(tx)
      if (rows.length === 0) return
      const written = sql.join(rows.map(({ name }) => sql.table(name)))
      await sql`truncate ${written} restart identity cascade`.execute(tx)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { database } of this.#held) await database[Symbol.asyncDispose]()
    await this.#own[Symbol.asyncDispose]()
    await this.#made[Symbol.asyncDispose]()
  }

  #open(): Held {
    const by: Held['by'] = { watch: undefined }
    const database = openDatabase({
      connection: this.#made.connection,
      log: silentLog,
      clock: systemClock,
      random: systemRandom,
      watch: {
        begin: async () => (await by.watch?.begin()) ?? (() => {}),
        onStatement: (statement) => by.watch?.onStatement(statement),
        nameOf: (statement) => this.#nameOf(statement),
      },
    })
    const held = { database, by }
    this.#held.push(held)
    return held
  }

  #nameOf(statement: string): string | undefined {
    const known = this.#names.get(statement)
    if (known !== undefined || this.#names.size >= PREPARED_MAX) return known
    const name = `s${this.#names.size}`
    this.#names.set(statement, name)
    return name
  }
}

/** For everybody who connects from now on. */
async function settle(database: Database): Promise<void> {
  await database.write(async (tx) => {
    const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(tx)
    for (const setting of SETTINGS) {
      const name = sql.id(rows[0]?.name ?? '')
      await sql`alter database ${name} set ${sql.raw(setting)}`.execute(tx)
    }
  })
}

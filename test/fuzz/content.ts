/** What the database holds, as a digest for each table: equal before and after, or changed. */
import { Client } from 'pg'
import { type Connection, clientSettings } from '../../src/store/connection.ts'

export type Content = ReadonlyMap<string, string>

/** What may change although nobody was let in. */
const LIVELINESS: Readonly<Record<string, string>> = {
  // Refused attempts are noted.
  audit: "coalesce(row_to_json(t)->>'result', '') <> 'failure'",
  // The engine moves rollouts on by itself, as time goes by.
  event: "type <> 'rollout.changed'",
}
// A package is written down when it is first asked for; its order says what it will be. Of rollouts
// the same holds as of what is told of them.
const LEFT_OUT = /^(?:lease|package|rollout|audit_head|event_head|kysely_\w+|migration)$/
/** When a key was last used; places in the audit log and among the events, given a moment later. */
const COLUMNS_LEFT_OUT = ['last_used_at', 'sequence', 'hash', 'position']

/** `except`: rows that tell of one of these are left out. */
export async function contentOf(
  connection: Connection,
  except: readonly string[] = [],
): Promise<Content> {
  const client = new Client(clientSettings(connection))
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public' order by 1",
    )
    const content = new Map<string, string>()
    for (const { name } of tables.rows) {
      if (LEFT_OUT.test(name)) continue
      content.set(name, await digestOf(client, name, except))
    }
    return content
  } finally {
    await client.end()
  }
}

async function digestOf(client: Client, table: string, except: readonly string[]): Promise<string> {
  const row = `(to_jsonb(t) - '{${COLUMNS_LEFT_OUT.join(',')}}'::text[])::text`
  const condition = LIVELINESS[table] ?? 'true'
  const { rows } = await client.query<{ digest: string }>(
    `select count(*) || ' ' || coalesce(md5(string_agg(${row}, E'\\n' order by ${row})), '')
     as digest from "${table}" t where ${condition}
     and not to_jsonb(t)::text ~ any($1::text[])`,
    [except],
  )
  return rows[0]?.digest ?? ''
}

/** The tables that differ. */
export function changedBetween(before: Content, after: Content): readonly string[] {
  return [...after].filter(([name, digest]) => before.get(name) !== digest).map(([name]) => name)
}

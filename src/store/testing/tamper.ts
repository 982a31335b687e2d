/** What somebody does who has the database and not the secret. */
import { sql } from 'kysely'
import { CHAIN_START, nextHead } from '../../domain/audit/chain.ts'
import { loadSealedEntries } from '../audit-chain.ts'
import type { Database } from '../open.ts'

export async function tamperWith(database: Database, statements: string): Promise<void> {
  await database.write(async (tx) => {
    for (const statement of statements.split(';')) await sql.raw(statement).execute(tx)
  })
}

/** Every hash anew, and the head with the MAC that it had. */
export async function rewriteAuditChain(database: Database): Promise<void> {
  const entries = await loadSealedEntries(database.read, 0, 1000)
  let head: ReturnType<typeof nextHead> = CHAIN_START
  for (const { entry } of entries) {
    head = nextHead(head, entry)
    await tamperWith(database, `update audit set hash = '${head.hash}' where id = ${entry.id}`)
  }
  await tamperWith(database, `update audit_head set hash = '${head.hash}'`)
}

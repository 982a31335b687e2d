import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { systemClock } from '../../base/clock.ts'
import { digestOf } from '../../base/digest.ts'
import { silentLog } from '../../base/log.ts'
import { type Connection, clientSettings } from '../connection.ts'
import { type EmbeddedNeeds, startEmbedded } from '../embedded/embedded.ts'
import { findSurvivors } from '../embedded/survivors.ts'

/** A real embedded PostgreSQL with its real settings. */
export function startServerIn(dataDir: string, needs: Partial<EmbeddedNeeds> = {}) {
  return startEmbedded({ dataDir, log: silentLog, clock: systemClock, ...needs })
}

export async function query(connection: Connection, statement: string) {
  const client = new Client(clientSettings(connection))
  // A connection that is cut says so twice, and the query's own failure is the one that counts.
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

/** Every process of the cluster in this folder. */
export function processesOf(dataDir: string, ownerUid = process.getuid?.() ?? 0) {
  const pgdata = join(dataDir, 'cluster', 'pgdata')
  return findSurvivors(`drydock-${digestOf(pgdata).slice(0, 16)}`, ownerUid)
}

export async function postmasterPid(dataDir: string): Promise<number> {
  const file = await readFile(join(dataDir, 'cluster/pgdata/postmaster.pid'), 'utf8')
  return Number(file.split('\n')[0])
}

/**
 * Until it is true. The machine's own processes decide when, so nothing tells us and we look again.
 */
export async function eventually(isTrue: () => Promise<boolean>, msMax = 30_000): Promise<void> {
  const deadline = systemClock.monotonic() + msMax
  while (!(await isTrue())) {
    if (systemClock.monotonic() > deadline) throw new Error('it never became true')
    await systemClock.sleep(20).done
  }
}

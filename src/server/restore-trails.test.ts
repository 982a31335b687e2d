/** What the server tells after the fact: it goes on after a restore as if nothing had been. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import { plainReport } from '../domain/report/agent-report.ts'
import { saveAgentReports } from '../store/agent-reports.ts'
import { SERVER_PARTY, saveAudit } from '../store/audit.ts'
import { writeBackup } from '../store/backup.ts'
import { type DataFolder, dataFolder } from '../store/data-folder.ts'
import { loadEventRange, loadEventsAfter, saveEvents } from '../store/events.ts'
import { ALL_MIGRATIONS } from '../store/migrations/all.ts'
import type { Database } from '../store/open.ts'
import { restoreBackup } from '../store/restore.ts'
import { openInstanceSecret } from '../store/secret.ts'
import {
  createTestDatabase,
  openTestDatabase,
  startTestDatabase,
} from '../store/testing/database.ts'
import { fillFleet } from '../store/testing/fleet.ts'
import { temporaryFolder } from '../store/testing/folder.ts'
import { macOfHead } from './audit-mac.ts'
import { verifyAudit } from './verify-audit.ts'
import { seal } from './work/seal.ts'

async function serverOn(database: Database, folder: DataFolder) {
  const secret = await openInstanceSecret(folder.secret, systemRandom)
  return { database, macOf: macOfHead(secret) }
}

/** Three entries, events and reports. */
async function write(database: Database): Promise<void> {
  const [first] = await database.read.selectFrom('endpoint').select('id').limit(1).execute()
  const endpointId = String(first?.id) as Parameters<typeof plainReport>[0]
  for (const subject of ['a', 'b', 'c']) {
    await database.write(async (tx) => {
      await saveAudit(tx, {
        ...{ at: 1, by: SERVER_PARTY, action: 'endpoint.delete', subject, result: 'success' },
        ...{ reason: null, description: 'd "é" \\N', before: { z: [0.1, 1e21] }, after: null },
      })
      await saveEvents(tx, 1, [{ type: 'endpoint.deleted', endpointId, hostname: subject }])
      await saveAgentReports(tx, 1, [plainReport(endpointId, 'delete')])
    })
  }
}

it('brings back the audit chain, events and reports, and goes on with them', async () => {
  await using temporary = await temporaryFolder()
  await using database = await startTestDatabase()
  await using empty = await createTestDatabase()
  const [from, to] = ['from', 'to'].map((name) => dataFolder(join(temporary.path, name)))
  if (from === undefined || to === undefined) throw new Error('two folders')
  await mkdir(from.artifacts, { recursive: true })
  await fillFleet(database.connection, 2, 1_000_000_000_000)
  const before = await serverOn(database, from)
  await write(database)
  await seal(before)
  await write(database)
  const stream = new PassThrough()
  const { connection } = empty
  const places = { folder: to, connection, migrations: ALL_MIGRATIONS, clock: systemClock }
  const [, restoring] = await Promise.all([
    writeBackup({ connection: database.connection, folder: from, clock: systemClock }, stream),
    restoreBackup(places, stream),
  ])
  expect(restoring.ok).toBe(true)

  await using restored = openTestDatabase(connection)
  const after = await serverOn(restored, to)
  const verify = () => verifyAudit(after, { from: null, kept: null })
  expect(await verify()).toMatchObject({ broken: null, head: { sequence: 3 }, unsealed: 3 })
  await write(restored)
  await seal(after)
  expect(await verify()).toMatchObject({ broken: null, head: { sequence: 9 }, unsealed: 0 })
  expect(await loadEventRange(restored.read)).toEqual({ first: 1, last: 9 })
  const told = await loadEventsAfter(restored.read, 0, 100)
  expect(told.map(({ event }) => 'hostname' in event && event.hostname).join('')).toBe('abcabcabc')
  const reports = await restored.read.selectFrom('agent_report').select('id').execute()
  expect(reports.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
})

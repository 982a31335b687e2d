import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { silentLog } from '../../base/log.ts'
import { systemRandom } from '../../base/random.ts'
import { type AuditEntry, loadAudit } from '../../store/audit.ts'
import type { Database } from '../../store/open.ts'
import { startTestDatabase } from '../../store/testing/database.ts'
import type { RefusedAttempt } from '../http/refused-attempts.ts'
import { TEST_ACTOR } from '../testing/ask.ts'
import { startAssembledServer } from '../testing/assembled.ts'
import { REFUSED_ENTRIES_MAX, startNotingRefused } from './note-refused.ts'

const attempt: RefusedAttempt = {
  actor: TEST_ACTOR,
  origin: { address: '192.0.2.9', userAgent: 'curl' },
  call: 'distributions/create',
  reason: 'forbidden',
  sentence: 'the API key lacks the permission distributions.edit',
}

function start(database: Database, clock = new ManualClock(1_000_000)) {
  return startNotingRefused({ database, clock, random: systemRandom, log: silentLog })
}

describe('refused attempts', () => {
  it('become entries of the audit log, identical ones together', async () => {
    await using database = await startTestDatabase()
    const work = start(database)
    for (let count = 0; count < 3; count++) work.note(attempt)
    work.note({ ...attempt, reason: 'invalid-request', sentence: 'name: Field required' })
    work.note({ ...attempt, actor: null, reason: 'unauthorised', call: 'releases/publish' })
    work.note({ ...attempt, actor: null, reason: 'unauthorised', call: 'tags/agents/assign' })
    await work.drain()
    const entries = (await loadAudit(database.read, 10)).toReversed()
    expect(entries).toMatchObject([
      {
        action: 'distribution.refuse',
        subject: 'distributions/create',
        by: { name: 'api-key:1', address: '192.0.2.9', userAgent: 'curl' },
        result: 'failure',
        reason: 'forbidden',
        after: { count: 3 },
      },
      {
        reason: 'invalid-request',
        description: 'Refused distributions/create: name: Field required',
      },
      { action: 'auth.refuse', by: { name: 'unknown', role: null }, after: { count: 2 } },
    ])
    await work.stop()
  })

  it('have an end: what is too much is counted', async () => {
    await using database = await startTestDatabase()
    const work = start(database)
    const call = 'x'.repeat(10_000)
    for (let count = 0; count < REFUSED_ENTRIES_MAX + 7; count++) {
      const origin = { address: `192.0.2.${count}`, userAgent: '' }
      work.note({ ...attempt, origin, call, sentence: 'y'.repeat(10_000) })
    }
    await work.drain()
    const [last, ...entries] = await loadAudit(database.read, 1000)
    expect(entries).toHaveLength(REFUSED_ENTRIES_MAX)
    expect(entries[0]?.subject).toHaveLength(200)
    expect(last).toMatchObject({ reason: 'attempts-left-out', after: { count: 7 } })
    await work.stop()
  })

  it('of strangers are few in the long run, wherever they come from', async () => {
    await using database = await startTestDatabase()
    const clock = new ManualClock(1_000_000)
    const work = start(database, clock)
    const [minutes, addresses] = [30, 20]
    for (let tried = 0; tried < minutes * addresses; tried++) {
      const origin = { address: `2001:db8::${tried.toString(16)}`, userAgent: '' }
      work.note({ ...attempt, actor: null, reason: 'unauthorised', origin })
      if (tried % addresses !== 0) continue
      await work.drain()
      clock.advance(60_000)
    }
    work.note(attempt)
    await work.drain()
    const entries = await loadAudit(database.read, 1000)
    const countOf = (such: Partial<AuditEntry>) =>
      entries.filter(({ action, reason }) => action === such.action || reason === such.reason)
    const strangers = countOf({ action: 'auth.refuse' })
    const leftOut = countOf({ reason: 'attempts-left-out' })
    expect(strangers.length).toBeLessThanOrEqual(REFUSED_ENTRIES_MAX + minutes * 2 + 1)
    expect(leftOut.length).toBeLessThanOrEqual(minutes + 2)
    expect(countOf({ reason: 'forbidden' })).toHaveLength(1)
    const counts = leftOut.map(({ after }) => (after as { readonly count: number }).count)
    const all = counts.reduce((sum, count) => sum + count, strangers.length)
    expect(all).toBe(minutes * addresses)
    await work.stop()
  })

  it('of a key that asks too often are one, whatever it asks for', async () => {
    await using database = await startTestDatabase()
    const work = start(database)
    for (const call of ['policies/a', 'policies/b']) {
      work.note({ ...attempt, call, reason: 'rate-limited' })
    }
    await work.drain()
    expect(await loadAudit(database.read, 10)).toMatchObject([{ after: { count: 2 } }])
    await work.stop()
  })

  it('wait for a database that is away, and are written when the server stops', async () => {
    await using database = await startTestDatabase()
    let isAway = true
    const flaky: Database = {
      ...database,
      write: (work, isolation) =>
        isAway ? Promise.reject(new Error('away')) : database.write(work, isolation),
    }
    const work = start(flaky)
    work.note(attempt)
    await work.drain()
    work.note(attempt)
    expect(await loadAudit(database.read, 10)).toEqual([])
    isAway = false
    await work.stop()
    expect(await loadAudit(database.read, 10)).toMatchObject([{ after: { count: 2 } }])
  })

  it('do not keep a server from stopping when the database stays away', async () => {
    await using database = await startTestDatabase()
    const away: Database = { ...database, write: () => Promise.reject(new Error('away')) }
    const work = start(away)
    work.note(attempt)
    await work.stop()
    expect(await loadAudit(database.read, 10)).toEqual([])
  })
})

describe('the edge', () => {
  it('notes who may not come in, and refused changes, and never a secret', async () => {
    await using server = await startAssembledServer()
    const { needs } = server.assembled
    const key = 'k'.repeat(128)
    const unknown = { authorization: key, 'x-xdr-auth-id': '1' }
    const path = `${server.url}/public_api/v1/distributions/create`
    expect((await fetch(path, { method: 'POST', headers: unknown })).status).toBe(401)
    expect((await server.call('distributions/create', {})).status).toBe(400)
    const made = await server.call('api_keys/generate', { roles: ['Viewer'] })
    const viewer = made.body.reply as { id: number; key: string }
    const as = { authorization: viewer.key, 'x-xdr-auth-id': String(viewer.id) }
    expect((await fetch(path, { method: 'POST', headers: as })).status).toBe(403)
    const password = 'p'.repeat(128)
    const given = { purpose: 'windows', certificate: 'AAAA', password }
    expect((await server.call('trust/import_certificate', given)).status).toBe(400)
    // A look that is refused changes nothing that anybody asks about later.
    expect((await server.call('audits/management_logs', { search_to: -1 })).status).toBe(400)
    await needs.refusedAttempts.drain()
    const entries = (await loadAudit(needs.database.read, 10)).filter(
      ({ reason }) => reason !== null,
    )
    expect(entries.map(({ action, reason, by }) => [action, reason, by.name]).toSorted()).toEqual([
      ['auth.refuse', 'unauthorised', 'unknown'],
      ['certificate.refuse', 'certificate-malformed', `api-key:${server.key.id}`],
      ['distribution.refuse', 'forbidden', `api-key:${viewer.id}`],
      ['distribution.refuse', 'invalid-request', `api-key:${server.key.id}`],
    ])
    for (const secret of [key, password]) expect(JSON.stringify(entries)).not.toContain(secret)
    expect(JSON.stringify(entries)).not.toContain(server.key.key)
  })
})

import { describe, expect, it } from 'vitest'
import { systemRandom } from '../base/random.ts'
import { type AuditEntry, SERVER_PARTY, saveAudits } from '../store/audit.ts'
import { sealAudit } from '../store/audit-chain.ts'
import { instanceSecret } from '../store/secret.ts'
import { startTestDatabase } from '../store/testing/database.ts'
import { rewriteAuditChain, tamperWith } from '../store/testing/tamper.ts'
import { macOfHead } from './audit-mac.ts'
import { verifyAudit } from './verify-audit.ts'
import { seal } from './work/seal.ts'

function entryOf(number: number): AuditEntry {
  return {
    at: 1_000_000 + number,
    by: { ...SERVER_PARTY, address: '192.0.2.1' },
    action: 'distribution.create',
    subject: `d${number}`,
    result: 'success',
    reason: null,
    description: `Created ${number}`,
    before: null,
    after: { name: `n${number}`, kind: 'standalone', b: { z: 1, a: [0.1, null] } },
  }
}

async function startChain(entries: number) {
  const database = await startTestDatabase()
  const secret = instanceSecret(systemRandom.bytes(32), systemRandom)
  const needs = { database, macOf: macOfHead(secret) }
  const write = (count: number) =>
    database.write((tx) =>
      saveAudits(
        tx,
        Array.from({ length: count }, (_, index) => entryOf(index)),
      ),
    )
  await write(entries)
  while ((await seal(needs)) !== null);
  const verify = (asked: Partial<Parameters<typeof verifyAudit>[1]> = {}) =>
    verifyAudit(needs, { from: null, kept: null, ...asked })
  return {
    ...{ database, needs, write, verify },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

describe('the audit chain', () => {
  it('holds, and says where it ends', async () => {
    await using chain = await startChain(450)
    const found = await chain.verify()
    expect(found).toMatchObject({ broken: null, isWhole: true, unsealed: 0 })
    expect(found.head).toEqual(found.verified)
    expect(found.head.sequence).toBe(450)
    await chain.write(3)
    expect(await chain.verify({ kept: found.head })).toMatchObject({ broken: null, unsealed: 3 })
    await seal(chain.needs)
    const more = await chain.verify({ from: found.verified, kept: found.head })
    expect(more).toMatchObject({ broken: null, isWhole: true, verified: { sequence: 453 } })
  })

  it('holds when it is empty', async () => {
    await using chain = await startChain(0)
    expect(await chain.verify()).toMatchObject({ broken: null, head: { sequence: 0 } })
  })

  it.each([
    ['a sentence', `update audit set description = 'x' where sequence = 3`, 3, 'changed'],
    ['who it was', `update audit set actor = 'api-key:9' where sequence = 5`, 5, 'changed'],
    ['a value within', `update audit set after = '{"name":"y"}' where sequence = 9`, 9, 'changed'],
    ['where it is found', `update audit set area = 'auth' where sequence = 2`, 2, 'changed'],
    ['its hash', `update audit set hash = repeat('a', 64) where sequence = 4`, 4, 'changed'],
    ['an entry taken out', `delete from audit where sequence = 6`, 6, 'missing'],
    ['the first taken out', `delete from audit where sequence = 1`, 1, 'missing'],
    ['the last taken out', `delete from audit where sequence = 10`, 10, 'missing'],
    [
      'one put behind the end',
      `insert into audit (at, actor, action, subject, sequence, hash)
        values (1, 'a', 'b', 'c', 11, repeat('b', 64))`,
      11,
      'inserted',
    ],
    [
      'two that changed places',
      `update audit set sequence = case sequence when 3 then -4 when 4 then -3 end
        where sequence in (3, 4);
       update audit set sequence = -sequence where sequence < 0`,
      3,
      'changed',
    ],
    ['the head', `update audit_head set mac = repeat('0', 64)`, 10, 'head-not-ours'],
    ['the head taken out', `delete from audit_head`, 0, 'head-not-ours'],
  ])('tells of %s', async (_name, statement, sequence, flaw) => {
    await using chain = await startChain(10)
    await tamperWith(chain.database, statement)
    expect((await chain.verify()).broken).toEqual({ sequence, flaw })
  })

  it('is not believed when somebody wrote all of it anew without the secret', async () => {
    await using chain = await startChain(10)
    const { head } = await chain.verify()
    await tamperWith(chain.database, `update audit set description = 'x' where sequence = 3`)
    await rewriteAuditChain(chain.database)
    expect(await chain.verify()).toMatchObject({ broken: { sequence: 10, flaw: 'head-not-ours' } })
    expect(await chain.verify({ kept: head })).toMatchObject({ broken: { flaw: 'head-not-ours' } })
    // Nor does the server vouch for it by going on from there.
    await chain.write(1)
    await expect(seal(chain.needs)).rejects.toThrow('audit-head-not-ours')
    expect(await chain.verify()).toMatchObject({ broken: { sequence: 10 }, unsealed: 1 })
  })

  it('was longer for who kept a head of it', async () => {
    await using chain = await startChain(10)
    const { head: early } = await chain.verify()
    const kept = await chain.database.read.selectFrom('audit_head').selectAll().execute()
    await chain.write(2)
    await seal(chain.needs)
    const { head: late } = await chain.verify()
    // An old head with its good MAC, and the entries after it gone.
    const [row] = kept
    await tamperWith(
      chain.database,
      `delete from audit where sequence > 10;
       update audit_head set sequence = 10, hash = '${row?.hash}', mac = '${row?.mac}'`,
    )
    expect((await chain.verify()).broken).toBeNull()
    expect((await chain.verify({ kept: early })).broken).toBeNull()
    expect((await chain.verify({ kept: late })).broken).toEqual({ sequence: 11, flaw: 'missing' })
    const wrong = { ...early, hash: late.hash }
    expect((await chain.verify({ kept: wrong })).broken?.flaw).toBe('head-not-ours')
  })

  it('loses nothing when a server dies while it seals', async () => {
    await using chain = await startChain(3)
    await chain.write(5)
    const { database, needs } = chain
    const dying = database.write(async (tx) => {
      await sealAudit(tx, needs.macOf, 100)
      throw new Error('killed')
    })
    await expect(dying).rejects.toThrow('killed')
    expect(await chain.verify()).toMatchObject({ broken: null, head: { sequence: 3 }, unsealed: 5 })
    await seal(needs)
    expect(await chain.verify()).toMatchObject({ broken: null, head: { sequence: 8 }, unsealed: 0 })
  })

  it('is sealed once, however many servers seal at once', async () => {
    await using chain = await startChain(0)
    await Promise.all(Array.from({ length: 20 }, () => chain.write(30)))
    await Promise.all(Array.from({ length: 6 }, () => seal(chain.needs)))
    while ((await seal(chain.needs)) !== null);
    const found = await chain.verify()
    expect(found).toMatchObject({ broken: null, head: { sequence: 600 }, unsealed: 0 })
  })
})

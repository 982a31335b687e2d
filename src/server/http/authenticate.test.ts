import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { silentLog } from '../../base/log.ts'
import { systemRandom } from '../../base/random.ts'
import { loadApiKeys, saveApiKeysRevoked, saveNewApiKey } from '../../store/api-keys.ts'
import type { Database } from '../../store/open.ts'
import { instanceSecret } from '../../store/secret.ts'
import { startTestDatabase } from '../../store/testing/database.ts'
import {
  API_KEY_LENGTH,
  createKeyRing,
  type KeyRing,
  keptOfApiKey,
  newApiKey,
} from './authenticate.ts'

const NOW = Date.parse('2026-11-22T08:00:00Z')
const secret = instanceSecret(systemRandom.bytes(32), systemRandom)
const standard = newApiKey(systemRandom)
const advanced = newApiKey(systemRandom)
const expired = newApiKey(systemRandom)
const clock = new ManualClock(NOW)

let database: Database
let ring: KeyRing
let ids: { standard: string; advanced: string; expired: string }

beforeAll(async () => {
  database = await startTestDatabase()
  ids = {
    standard: await save(standard, 'standard', null),
    advanced: await save(advanced, 'advanced', null),
    expired: await save(expired, 'standard', NOW),
  }
  ring = ringOf()
})

afterAll(() => database[Symbol.asyncDispose]())

function ringOf(): KeyRing {
  return createKeyRing({ database, secret, clock, log: silentLog })
}

async function save(key: string, mode: 'standard' | 'advanced', expiresAt: number | null) {
  const kept = keptOfApiKey(key, mode, secret)
  const about = { name: mode, role: 'administrator', createdAt: NOW, expiresAt }
  return String(await database.write((tx) => saveNewApiKey(tx, { mode, ...kept, ...about })))
}

function signed(key: string, nonce: string, timestamp: string): Record<string, string> {
  const hash = createHash('sha256').update(key + nonce + timestamp, 'latin1')
  return {
    authorization: hash.digest('hex'),
    'x-xdr-nonce': nonce,
    'x-xdr-timestamp': timestamp,
  }
}

const NONCE = 'n'.repeat(64)
const MINUTE = 60_000

describe('authenticate', () => {
  const good = () => signed(advanced, NONCE, String(NOW))
  const rows: [string, () => Record<string, string>, boolean][] = [
    ['a standard key', () => ({ 'x-xdr-auth-id': ids.standard, authorization: standard }), true],
    ['an advanced key', () => ({ 'x-xdr-auth-id': ids.advanced, ...good() }), true],
    ['the same nonce once more', () => ({ 'x-xdr-auth-id': ids.advanced, ...good() }), true],
    [
      'a hash in capitals',
      () => {
        const headers = good()
        return {
          ...headers,
          'x-xdr-auth-id': ids.advanced,
          authorization: headers.authorization?.toUpperCase() ?? '',
        }
      },
      true,
    ],
    ...[-15, 15].map((minutes): [string, () => Record<string, string>, boolean] => [
      `a timestamp ${minutes} minutes off`,
      () => ({
        'x-xdr-auth-id': ids.advanced,
        ...signed(advanced, NONCE, String(NOW + minutes * MINUTE)),
      }),
      true,
    ]),
    ...[-15.001, 15.001].map((minutes): [string, () => Record<string, string>, boolean] => [
      `a timestamp ${minutes} minutes off`,
      () => ({
        'x-xdr-auth-id': ids.advanced,
        ...signed(advanced, NONCE, String(Math.round(NOW + minutes * MINUTE))),
      }),
      false,
    ]),
    ['nothing', () => ({}), false],
    ['a key without an id', () => ({ authorization: standard }), false],
    ['an id without a key', () => ({ 'x-xdr-auth-id': ids.standard }), false],
    ['an unknown id', () => ({ 'x-xdr-auth-id': '999', authorization: standard }), false],
    ['another id', () => ({ 'x-xdr-auth-id': ids.expired, authorization: standard }), false],
    [
      'a wrong key',
      () => ({ 'x-xdr-auth-id': ids.standard, authorization: 'x'.repeat(128) }),
      false,
    ],
    [
      'the key as a bearer',
      () => ({ 'x-xdr-auth-id': ids.standard, authorization: `Bearer ${standard}` }),
      false,
    ],
    ['an expired key', () => ({ 'x-xdr-auth-id': ids.expired, authorization: expired }), false],
    [
      'an advanced key as it is',
      () => ({ 'x-xdr-auth-id': ids.advanced, authorization: advanced }),
      false,
    ],
    [
      'a standard key used as an advanced one',
      () => ({ 'x-xdr-auth-id': ids.standard, ...signed(standard, NONCE, String(NOW)) }),
      false,
    ],
    [
      'no nonce',
      () => ({ 'x-xdr-auth-id': ids.advanced, ...signed(advanced, '', String(NOW)) }),
      false,
    ],
    [
      'a timestamp that is none',
      () => ({ 'x-xdr-auth-id': ids.advanced, ...signed(advanced, NONCE, 'now') }),
      false,
    ],
    [
      'a timestamp in hexadecimal',
      () => ({ 'x-xdr-auth-id': ids.advanced, ...signed(advanced, NONCE, '0xff') }),
      false,
    ],
    [
      'an endless authorization',
      () => ({ 'x-xdr-auth-id': ids.standard, authorization: 'x'.repeat(10_000) }),
      false,
    ],
  ]
  it.each(rows)('%s', async (_name, headers, isGood) => {
    const outcome = await ring.authenticate(headers())
    expect(outcome.ok).toBe(isGood)
    if (!outcome.ok) expect(outcome).toEqual({ ok: false, refusal: { code: 'unauthorised' } })
  })

  it('takes whatever nonce it is signed with, and nothing else', async () => {
    const nonce = fc.stringMatching(/^[\x21-\x7e\x80-\xff]{1,200}$/)
    await fc.assert(
      fc.asyncProperty(nonce, fc.nat(63), async (text, place) => {
        const signature = signed(advanced, text, String(NOW))
        const headers = { ...signature, 'x-xdr-auth-id': ids.advanced }
        expect((await ring.authenticate(headers)).ok).toBe(true)
        const hash = signature.authorization ?? ''
        const flipped = hash[place] === '0' ? '1' : '0'
        const authorization = hash.slice(0, place) + flipped + hash.slice(place + 1)
        expect((await ring.authenticate({ ...headers, authorization })).ok).toBe(false)
      }),
    )
  })

  it('never throws, whatever the headers', async () => {
    const header = fc.option(fc.oneof(fc.string(), fc.array(fc.string())), { nil: undefined })
    const names = fc.constantFrom(ids.standard, ids.advanced, '1', '-1', '1e0', '__proto__')
    await fc.assert(
      fc.asyncProperty(names, header, header, header, async (id, authorization, nonce, time) => {
        const headers = { 'x-xdr-auth-id': id, authorization, 'x-xdr-nonce': nonce }
        expect((await ring.authenticate({ ...headers, 'x-xdr-timestamp': time })).ok).toBe(false)
      }),
    )
  })
})

describe('a deleted key', () => {
  it('is refused at once where it was deleted, and within five seconds everywhere', async () => {
    const [here, there] = [ringOf(), ringOf()]
    const key = newApiKey(systemRandom)
    const id = await save(key, 'standard', null)
    const headers = { 'x-xdr-auth-id': id, authorization: key }
    for (const each of [here, there]) expect((await each.authenticate(headers)).ok).toBe(true)
    await database.write((tx) => saveApiKeysRevoked(tx, [Number(id)], clock.now()))
    here.forget()
    expect((await here.authenticate(headers)).ok).toBe(false)
    clock.advance(5_000)
    expect((await there.authenticate(headers)).ok).toBe(false)
  })
})

describe('what is kept of a key', () => {
  it('is not the key, nor anything that could be sent in its place', async () => {
    const rows = JSON.stringify(await loadApiKeys(database.read))
    for (const key of [standard, advanced, expired]) expect(rows).not.toContain(key)
  })

  it('is 128 letters and digits, each as likely as the other', () => {
    const counts = new Map<string, number>()
    for (let round = 0; round < 200; round++) {
      const key = newApiKey(systemRandom)
      expect(key).toMatch(/^[A-Za-z0-9]{128}$/)
      for (const letter of key) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    const mean = (200 * API_KEY_LENGTH) / 62
    expect(counts.size).toBe(62)
    // Six standard deviations: a fair draw fails this once in millions of runs.
    for (const count of counts.values())
      expect(Math.abs(count - mean)).toBeLessThan(6 * Math.sqrt(mean))
  })
})

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { silentLog } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import { newApiKey } from '../server/http/authenticate.ts'
import { loadApiKeys } from '../store/api-keys.ts'
import type { Database } from '../store/open.ts'
import { instanceSecret } from '../store/secret.ts'
import { startTestDatabase } from '../store/testing/database.ts'
import { openAdminKey } from './admin-key.ts'
import { openSigningKey } from './signing-key.ts'

let database: Database
let folder: string
let file: string

beforeEach(async () => {
  database = await startTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'drydock-first-start-'))
  file = join(folder, 'admin-key.json')
})

afterEach(async () => {
  await database[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const secret = instanceSecret(systemRandom.bytes(32), systemRandom)

function needs() {
  return { database, secret, clock: systemClock, random: systemRandom, log: silentLog }
}

/** One key in the database, the same one in the file, and nothing beside it. */
async function expectAgreement(): Promise<{ id: number; key: string }> {
  const key = JSON.parse(await readFile(file, 'utf8'))
  expect(key).toEqual({
    id: expect.any(Number),
    key: expect.stringMatching(/^\w{128}$/),
    mode: 'standard',
  })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await loadApiKeys(database.read)).map((each) => each.id)).toEqual([key.id])
  expect(await readdir(folder)).toEqual(['admin-key.json'])
  return key
}

describe('the first API key', () => {
  it('is made once, and stays', async () => {
    const made = await openAdminKey(file, needs())
    expect(await expectAgreement()).toEqual(made)
    expect(await openAdminKey(file, needs())).toEqual(made)
    await expectAgreement()
  })

  it('killed after the key was put aside: the row is made of it', async () => {
    const key = newApiKey(systemRandom)
    await writeFile(`${file}.new`, JSON.stringify({ key }))
    await openAdminKey(file, needs())
    expect((await expectAgreement()).key).toBe(key)
  })

  it('killed after the row: the file gets its id, and no second key is made', async () => {
    const made = await openAdminKey(file, needs())
    await writeFile(`${file}.new`, JSON.stringify({ key: made?.key }))
    await rm(file)
    expect(await openAdminKey(file, needs())).toEqual(made)
    await expectAgreement()
  })

  it('killed in the middle of writing a file: what is half is thrown away', async () => {
    await writeFile(`${file}.part`, '{"ke')
    await openAdminKey(file, needs())
    await rm(`${file}.part`, { force: true })
    await expectAgreement()
  })

  it('a file that was taken away is not made again: there are keys', async () => {
    await openAdminKey(file, needs())
    await rm(file)
    expect(await openAdminKey(file, needs())).toBeNull()
    expect(await readdir(folder)).toEqual([])
  })

  it('a new database beside an old file takes the key of the file', async () => {
    const key = newApiKey(systemRandom)
    await writeFile(file, JSON.stringify({ id: 7, key, mode: 'standard' }), { mode: 0o600 })
    await openAdminKey(file, needs())
    expect((await expectAgreement()).key).toBe(key)
  })

  it('a file that holds something else is not overwritten', async () => {
    await writeFile(file, 'precious')
    await expect(openAdminKey(file, needs())).rejects.toThrow('admin-key-unreadable')
    expect(await readFile(file, 'utf8')).toBe('precious')
  })
})

describe('the signing key', () => {
  it('is made once, however many servers start at once', async () => {
    const keys = await Promise.all([1, 2, 3, 4].map(() => openSigningKey(needs())))
    expect(new Set(keys.map((key) => key.keyId)).size).toBe(1)
    expect((await openSigningKey(needs())).keyId).toBe(keys[0]?.keyId)
  })

  it('does not open with another instance secret', async () => {
    await openSigningKey(needs())
    const other = instanceSecret(systemRandom.bytes(32), systemRandom)
    await expect(openSigningKey({ ...needs(), secret: other })).rejects.toThrow(
      'sealed-value-damaged',
    )
  })
})

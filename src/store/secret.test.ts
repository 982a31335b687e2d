import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import { systemRandom } from '../base/random.ts'
import { instanceSecret, openInstanceSecret, SECRET_FILE } from './secret.ts'
import { temporaryFolder } from './testing/folder.ts'

const value = utf8('a private key')

describe('instance secret', () => {
  it('is made once, for its owner alone, and stays', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, SECRET_FILE)
    const first = await openInstanceSecret(file, systemRandom)
    const sealed = first.seal(value, 'signing-key:1')
    const again = await openInstanceSecret(file, systemRandom)
    expect(again.open(sealed, 'signing-key:1')).toEqual(value)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await readFile(file)).length).toBe(32)
    expect(await readdir(folder.path)).toEqual([SECRET_FILE])
  })

  it('is the same for all who make it at once', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, SECRET_FILE)
    const opening = Array.from({ length: 8 }, () => openInstanceSecret(file, systemRandom))
    const [first, ...others] = await Promise.all(opening)
    const sealed = first?.seal(value, 'x') ?? new Uint8Array()
    for (const other of others) expect(other.open(sealed, 'x')).toEqual(value)
    expect(await readdir(folder.path)).toEqual([SECRET_FILE])
  })

  it('is refused when it is cut short', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, SECRET_FILE)
    await writeFile(file, new Uint8Array(31))
    const opening = openInstanceSecret(file, systemRandom)
    await expect(opening).rejects.toMatchObject({ code: 'instance-secret-damaged' })
  })

  it('derives a different key for each purpose', () => {
    const secret = instanceSecret(new Uint8Array(32).fill(7), systemRandom)
    expect(secret.keyFor('sealing').equals(secret.keyFor('url-signing'))).toBe(false)
  })

  // Computed with another HKDF (RFC 5869): a change here makes every sealed value unreadable.
  it('derives the same keys in every version of the code', () => {
    const secret = instanceSecret(new Uint8Array(32).fill(7), systemRandom)
    const key = secret.keyFor('url-signing').export().toString('hex')
    expect(key).toBe('db5cad2c7d95e11a5fae9be11e6e698644fc37af24f418a0049d933258a7d38d')
  })
})

describe('sealing', () => {
  const secret = instanceSecret(new Uint8Array(32).fill(7), systemRandom)
  const sealed = secret.seal(value, 'signing-key:1')

  it('never gives the same bytes twice', () => {
    expect(secret.seal(value, 'signing-key:1')).not.toEqual(sealed)
  })

  const flipped = (index: number) => {
    const copy = Uint8Array.from(sealed)
    copy[index] = (copy[index] ?? 0) ^ 1
    return copy
  }
  const attacks: readonly [string, Uint8Array, string][] = [
    ['a value moved to another row', sealed, 'signing-key:2'],
    ['another form', flipped(0), 'signing-key:1'],
    ['a changed nonce', flipped(1), 'signing-key:1'],
    ['a changed ciphertext', flipped(13), 'signing-key:1'],
    ['a changed tag', flipped(sealed.length - 1), 'signing-key:1'],
    ['a tag cut short', sealed.subarray(0, -1), 'signing-key:1'],
    ['nothing', new Uint8Array(), 'signing-key:1'],
  ]
  it.each(attacks)('does not open %s', (_name, bytes, context) => {
    expect(() => secret.open(bytes, context)).toThrow(/sealed-value-damaged/)
  })

  it('does not open with another secret', () => {
    const other = instanceSecret(new Uint8Array(32).fill(8), systemRandom)
    expect(() => other.open(sealed, 'signing-key:1')).toThrow(/sealed-value-damaged/)
  })
})

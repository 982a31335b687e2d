import { spawnSync } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../../test/needs.ts'
import { utf8 } from '../base/bytes.ts'
import { armouredPublicKey, fingerprintOf, signatureOver } from './openpgp.ts'
import { newPackageKey, packageKeyFromPem, packageKeyToPem } from './package-key.ts'

const CREATED_AT = 1_760_000_000
const key = await newPackageKey(CREATED_AT)
const bytes = utf8('the header of a package')

describe('an OpenPGP signature', () => {
  it('is the same for the same bytes, key and time, and another for others', async () => {
    const made = await signatureOver(bytes, key, CREATED_AT)
    expect(await signatureOver(bytes, key, CREATED_AT)).toEqual(made)
    expect(await signatureOver(bytes, key, CREATED_AT + 1)).not.toEqual(made)
    expect(await signatureOver(utf8('another'), key, CREATED_AT)).not.toEqual(made)
  })

  it('is RSA over the bytes, its own head and the length of that (RFC 4880, 5.2.4)', async () => {
    const made = Buffer.from(await signatureOver(bytes, key, CREATED_AT))
    expect(made.subarray(0, 7).toString('hex')).toMatch(/^89....04000108$/)
    const headLength = 6 + made.readUInt16BE(7)
    const head = made.subarray(3, 3 + headLength)
    const end = Buffer.from('04ff00000000', 'hex')
    end.writeUInt32BE(headLength, 2)
    const numberAt = 3 + headLength + 2 + made.readUInt16BE(3 + headLength) + 2
    const number = made.subarray(numberAt + 2)
    const padded = Buffer.concat([Buffer.alloc(384 - number.length), number])
    const signed = Buffer.concat([bytes, head, end])
    expect(verify('sha256', signed, createPublicKey(key.privateKey), padded)).toBe(true)
  })
})

describe('a package key', () => {
  it('is 3072 bits of RSA, and comes back from its PEM', () => {
    expect(key.privateKey.asymmetricKeyDetails?.modulusLength).toBe(3072)
    const again = packageKeyFromPem(packageKeyToPem(key), CREATED_AT)
    if (!again.ok) throw new Error(again.refusal.code)
    expect(fingerprintOf(again.value)).toBe(fingerprintOf(key))
    expect(fingerprintOf({ ...key, createdAt: CREATED_AT + 1 })).not.toBe(fingerprintOf(key))
  })

  it('is refused when it is none, or of another kind', () => {
    expect(packageKeyFromPem('x', 0)).toMatchObject({ refusal: { code: 'malformed-key' } })
    const der = Buffer.from(`302e020100300506032b657004220420${'07'.repeat(32)}`, 'hex')
    const text = der.toString('base64')
    const ed25519 = `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----\n`
    expect(packageKeyFromPem(ed25519, 0)).toMatchObject({ refusal: { code: 'wrong-key-type' } })
  })

  it('is the same text each time', async () => {
    const text = await armouredPublicKey(key, 'Drydock')
    expect(await armouredPublicKey(key, 'Drydock')).toBe(text)
    expect(text).toMatch(
      /^-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n[A-Za-z0-9+/=\n]+\n=.{4}\n-----END/,
    )
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(64)
  })
})

let home = ''
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'drydock-gpg-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

function gpg(...words: readonly string[]) {
  const done = spawnSync('gpg', ['--homedir', home, '--batch', '--status-fd', '1', ...words], {
    encoding: 'utf8',
  })
  return { status: done.status, output: `${done.stdout}${done.stderr}` }
}

describe.skipIf(!needs('sqv'))('in the hands of Sequoia, as newer rpm has it (needs sqv)', () => {
  it('what the key signed is good, and nothing else', async () => {
    const keyring = join(home, 'ring.asc')
    const signature = join(home, 'y.sig')
    const file = join(home, 'y')
    writeFileSync(keyring, await armouredPublicKey(key, 'Drydock packages (https://drydock.test)'))
    writeFileSync(signature, await signatureOver(bytes, key, CREATED_AT))
    const verdict = (content: string | Uint8Array) => {
      writeFileSync(file, content)
      return spawnSync('sqv', ['--keyring', keyring, signature, file], { encoding: 'utf8' })
    }
    expect(verdict(bytes)).toMatchObject({
      status: 0,
      stdout: `${fingerprintOf(key).toUpperCase()}\n`,
    })
    expect(verdict('other bytes').status).toBe(1)
  })
})

describe.skipIf(!needs('gpg'))('in the hands of gpg (needs gpg)', () => {
  it('the key is imported under its name, and what it signed is good', async () => {
    const put = (name: string, content: string | Uint8Array) => {
      writeFileSync(join(home, name), content)
      return join(home, name)
    }
    const imported = gpg(
      '--import',
      put('key.asc', await armouredPublicKey(key, 'Drydock packages')),
    )
    expect(imported.output).toContain(`IMPORT_OK 1 ${fingerprintOf(key).toUpperCase()}`)
    expect(gpg('--list-keys', '--with-colons').output).toMatch(/uid:.*:Drydock packages:/)
    const signature = put('x.sig', await signatureOver(bytes, key, CREATED_AT + 60))
    const good = gpg('--verify', signature, put('x', bytes))
    expect(good.output).toMatch(/GOODSIG \w+ Drydock packages/)
    expect(good.status).toBe(0)
    expect(gpg('--verify', signature, put('x', 'other bytes')).output).toMatch(/BADSIG/)
  })
})

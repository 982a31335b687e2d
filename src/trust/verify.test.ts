import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../base/bytes.ts'
import { digestOf } from '../base/digest.ts'
import { type Random, systemRandom } from '../base/random.ts'
import { newSigningKey, signingKeyFromPem, signingKeyToPem, trustedKeyOf } from './keys.ts'
import { signEnvelope } from './sign.ts'
import { verifyEnvelope } from './verify.ts'

const TYPE = 'application/vnd.example.manifest+json'
const EXPECTED = { payloadType: TYPE, payloadBytesMax: 1000 }
const ours = newSigningKey(systemRandom)
const next = newSigningKey(systemRandom)
const theirs = newSigningKey(systemRandom)
const trusted = [trust(ours), trust(next)]
const payload = utf8('{"version":"1.0.0.0"}')
const good = signEnvelope(TYPE, payload, [ours])

type Json = {
  payload_type: string
  payload: string
  signatures: { key_id: string; signature: string }[]
}

function trust(key: { keyId: string; publicKey: string }) {
  const result = trustedKeyOf({ key_id: key.keyId, public_key: key.publicKey })
  if (!result.ok) throw new Error(result.refusal.code)
  return result.value
}

/** The good envelope after the attacker's hand. */
function tampered(change: (envelope: Json) => unknown): Uint8Array {
  const envelope: Json = JSON.parse(fromUtf8(good))
  return utf8(JSON.stringify(change(envelope)))
}

function signatureOf(envelope: Uint8Array) {
  const [first] = (JSON.parse(fromUtf8(envelope)) as Json).signatures
  if (first === undefined) throw new Error('no signature')
  return first
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('verifyEnvelope', () => {
  it('accepts what a trusted key signed, byte for byte, and names digest and key', () => {
    const result = verifyEnvelope(good, EXPECTED, trusted)
    expect(result).toEqual({
      ok: true,
      value: { payload: Buffer.from(payload), digest: digestOf(payload), keyId: ours.keyId },
    })
  })

  it('accepts an envelope that a trusted and an unknown key signed: a rotation', () => {
    const both = signEnvelope(TYPE, payload, [theirs, next])
    expect(verifyEnvelope(both, EXPECTED, trusted)).toMatchObject({ value: { keyId: next.keyId } })
  })

  it('the same payload and keys give the same envelope', () => {
    expect(signEnvelope(TYPE, payload, [ours])).toEqual(good)
  })

  const flipped = () => {
    const bytes = Buffer.from(signatureOf(good).signature, 'base64')
    bytes[0] = (bytes[0] ?? 0) ^ 1
    return bytes.toString('base64')
  }
  const attacks: [name: string, envelope: Uint8Array, code: string][] = [
    [
      'changes the payload',
      tampered((e) => ({ ...e, payload: base64('{"version":"2"}') })),
      'bad-signature',
    ],
    [
      'flips one bit of the signature',
      tampered((e) => ({ ...e, signatures: [{ ...signatureOf(good), signature: flipped() }] })),
      'bad-signature',
    ],
    ['signs with a key of their own', signEnvelope(TYPE, payload, [theirs]), 'unknown-key'],
    [
      'signs with their key and names ours',
      tampered((e) => ({
        ...e,
        signatures: [
          {
            key_id: ours.keyId,
            signature: signatureOf(signEnvelope(TYPE, payload, [theirs])).signature,
          },
        ],
      })),
      'bad-signature',
    ],
    [
      'names another trusted key for our signature',
      tampered((e) => ({ ...e, signatures: [{ ...signatureOf(good), key_id: next.keyId }] })),
      'bad-signature',
    ],
    [
      'adds a wrong signature beside a good one',
      tampered((e) => ({
        ...e,
        signatures: [
          ...e.signatures,
          { key_id: next.keyId, signature: signatureOf(good).signature },
        ],
      })),
      'bad-signature',
    ],
    [
      'repeats one signature to look like many',
      tampered((e) => ({ ...e, signatures: [...e.signatures, signatureOf(good)] })),
      'malformed-envelope',
    ],
    [
      'replays a signature over another type',
      signEnvelope('application/other', payload, [ours]),
      'wrong-payload-type',
    ],
    [
      'renames the type of a signed envelope',
      (() => {
        const e: Json = JSON.parse(fromUtf8(signEnvelope('application/other', payload, [ours])))
        return utf8(JSON.stringify({ ...e, payload_type: TYPE }))
      })(),
      'bad-signature',
    ],
    [
      'moves bytes from the type into the payload',
      (() => {
        const e: Json = JSON.parse(fromUtf8(signEnvelope(`${TYPE} 21`, payload, [ours])))
        return utf8(JSON.stringify({ ...e, payload_type: TYPE }))
      })(),
      'bad-signature',
    ],
    ['removes the signatures', tampered((e) => ({ ...e, signatures: [] })), 'malformed-envelope'],
    [
      'sends seventeen signatures to burn time',
      tampered((e) => ({
        ...e,
        signatures: Array.from({ length: 17 }, (_, i) => ({
          key_id: digestOf(String(i)),
          signature: signatureOf(good).signature,
        })),
      })),
      'malformed-envelope',
    ],
    [
      'sends an empty signature',
      tampered((e) => ({ ...e, signatures: [{ key_id: ours.keyId, signature: '' }] })),
      'malformed-envelope',
    ],
    [
      'spells the same signature another way',
      tampered((e) => ({
        ...e,
        signatures: [
          {
            key_id: ours.keyId,
            signature: signatureOf(good).signature.replaceAll('=', ''),
          },
        ],
      })),
      'malformed-envelope',
    ],
    [
      'writes the key id in capitals',
      tampered((e) => ({
        ...e,
        signatures: [{ ...signatureOf(good), key_id: ours.keyId.toUpperCase() }],
      })),
      'malformed-envelope',
    ],
    [
      'hides spaces in the payload',
      tampered((e) => ({ ...e, payload: ` ${e.payload}` })),
      'malformed-envelope',
    ],
    ['adds a field', tampered((e) => ({ ...e, expires: 'never' })), 'malformed-envelope'],
    [
      'adds a field to a signature',
      tampered((e) => ({ ...e, signatures: [{ ...signatureOf(good), alg: 'none' }] })),
      'malformed-envelope',
    ],
    [
      'leaves the type out',
      tampered(({ payload, signatures }) => ({ payload, signatures })),
      'malformed-envelope',
    ],
    ['sends a list', utf8('[]'), 'malformed-envelope'],
    ['sends null', utf8('null'), 'malformed-envelope'],
    ['sends nothing', new Uint8Array(), 'malformed-envelope'],
    ['sends no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'malformed-envelope'],
    ['nests to exhaust the stack', utf8('['.repeat(5000)), 'malformed-envelope'],
    [
      'sends a payload over the limit, signed',
      signEnvelope(TYPE, new Uint8Array(1001), [ours]),
      'envelope-too-large',
    ],
    ['sends megabytes', utf8(' '.repeat(10_000_000)), 'envelope-too-large'],
  ]
  it.each(attacks)('refuses an attacker who %s', (_, envelope, code) => {
    expect(verifyEnvelope(envelope, EXPECTED, trusted)).toMatchObject({
      ok: false,
      refusal: { code },
    })
  })

  it('refuses everything when no key is trusted', () => {
    expect(verifyEnvelope(good, EXPECTED, [])).toMatchObject({ refusal: { code: 'unknown-key' } })
  })
})

describe('trustedKeyOf', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'der', type: 'spki' })
  const rows: [name: string, key: { key_id: string; public_key: string }, code: string][] = [
    ['under another id', { key_id: theirs.keyId, public_key: ours.publicKey }, 'key-id-mismatch'],
    ['cut short', { key_id: ours.keyId, public_key: ours.publicKey.slice(0, -4) }, 'malformed-key'],
    [
      'with bytes behind it',
      { key_id: ours.keyId, public_key: `${ours.publicKey}AAAA` },
      'malformed-key',
    ],
    [
      'of RSA',
      {
        key_id: ours.keyId,
        public_key: rsa.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      },
      'malformed-key',
    ],
    [
      'for key agreement',
      { key_id: digestOf(x25519), public_key: x25519.toString('base64') },
      'wrong-key-type',
    ],
    [
      'of 44 bytes that are no key',
      { key_id: ours.keyId, public_key: Buffer.alloc(44).toString('base64') },
      'malformed-key',
    ],
  ]
  it.each(rows)('refuses a key %s', (_, key, code) => {
    expect(trustedKeyOf(key)).toMatchObject({ ok: false, refusal: { code } })
  })
})

describe('signing keys', () => {
  it('a key survives being written and read', () => {
    const again = signingKeyFromPem(signingKeyToPem(ours))
    expect(again).toMatchObject({ ok: true, value: { keyId: ours.keyId } })
  })

  it('a key comes from the randomness handed in and from nothing else', () => {
    const fixed: Random = { bytes: (length) => new Uint8Array(length).fill(7), fraction: () => 0 }
    expect(newSigningKey(fixed).keyId).toBe(newSigningKey(fixed).keyId)
  })

  it.each([
    ['no PEM', 'hello', 'malformed-key'],
    [
      'an RSA key',
      generateKeyPairSync('rsa', { modulusLength: 2048 })
        .privateKey.export({ format: 'pem', type: 'pkcs8' })
        .toString(),
      'wrong-key-type',
    ],
  ])('refuses %s', (_, pem, code) => {
    expect(signingKeyFromPem(pem)).toMatchObject({ ok: false, refusal: { code } })
  })
})

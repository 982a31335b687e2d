/**
 * Signs packages for Android with the instance's Android key, which is made when it is first
 * needed.
 */
import { fromUtf8, utf8 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { AndroidKey } from '../pack/writer.ts'
import { loadAndroidKey, type StoredAndroidKey, saveAndroidKey } from '../store/android-keys.ts'
import type { Database } from '../store/open.ts'
import type { InstanceSecret } from '../store/secret.ts'
import {
  type AndroidSigningKey,
  androidCertificatePem,
  androidKeyFromPem,
  androidKeyId,
  androidKeyToPem,
  androidPublicKey,
  androidSignature,
  newAndroidKey,
} from '../trust/android-key.ts'

export type AndroidSigner = {
  /** See `WriterNeeds`. */
  androidKey(): Promise<AndroidKey>
  certificate(): Promise<AndroidCertificate>
}

export type AndroidCertificate = {
  /** SHA-256 of the certificate. */
  readonly fingerprint: string
  readonly pem: string
  /** Milliseconds UTC. */
  readonly createdAt: number
}

type Needs = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'seal' | 'open'>
  readonly clock: Clock
}

type Opened = { readonly key: AndroidSigningKey; readonly stored: StoredAndroidKey }

export function createAndroidSigner(needs: Needs): AndroidSigner {
  let opening: Promise<Opened> | null = null
  const open = () => {
    opening ??= openKey(needs).catch((error: unknown) => {
      opening = null
      throw error
    })
    return opening
  }
  return {
    async androidKey() {
      const { key } = await open()
      const { certificate } = key
      const publicKey = androidPublicKey(key)
      return { certificate, publicKey, sign: (bytes) => androidSignature(bytes, key) }
    },
    async certificate() {
      const { key, stored } = await open()
      const { keyId, createdAt } = stored
      return { fingerprint: keyId, pem: androidCertificatePem(key), createdAt }
    },
  }
}

async function openKey(needs: Needs): Promise<Opened> {
  const stored = (await loadAndroidKey(needs.database.read)) ?? (await makeKey(needs))
  const { keyId, certificate, sealedPrivate } = stored
  const pem = fromUtf8(needs.secret.open(sealedPrivate, contextOf(keyId)))
  const key = androidKeyFromPem(pem, certificate)
  if (key.ok && androidKeyId(key.value) === keyId) return { key: key.value, stored }
  const doing = `opening the Android key ${keyId}`
  throw new Fault({ code: 'android-key-damaged', doing, retry: 'never' })
}

async function makeKey({ database, secret, clock }: Needs): Promise<StoredAndroidKey> {
  const createdAt = clock.now()
  const key = await newAndroidKey(createdAt)
  const keyId = androidKeyId(key)
  const sealedPrivate = secret.seal(utf8(androidKeyToPem(key)), contextOf(keyId))
  const made = { keyId, sealedPrivate, certificate: key.certificate, createdAt }
  // Serializable: two servers that build their first package at once agree on one key.
  return await database.write(async (tx) => {
    const known = await loadAndroidKey(tx)
    if (known === null) await saveAndroidKey(tx, made)
    return known ?? made
  }, 'serializable')
}

function contextOf(keyId: string): string {
  return `android-key:${keyId}`
}

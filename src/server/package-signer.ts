/**
 * Signs packages with the instance's package key, which is made when it is first needed: most of
 * making one is looking for primes, and an instance without rpm packages never does.
 */
import { fromUtf8, utf8 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { Database } from '../store/open.ts'
import { loadPackageKey, type StoredPackageKey, savePackageKey } from '../store/package-keys.ts'
import type { InstanceSecret } from '../store/secret.ts'
import {
  armouredPublicKey,
  fingerprintOf,
  type OpenPgpKey,
  signatureOver,
} from '../trust/openpgp.ts'
import { newPackageKey, packageKeyFromPem, packageKeyToPem } from '../trust/package-key.ts'

export type PackageSigner = {
  /** An OpenPGP signature packet; see `WriterNeeds`. */
  sign(signed: { readonly bytes: Uint8Array; readonly timestamp: number }): Promise<Uint8Array>
  publicKey(): Promise<PublicPackageKey>
}

export type PublicPackageKey = {
  readonly fingerprint: string
  /** Seconds since 1970. */
  readonly createdAt: number
  readonly armoured: string
}

type Needs = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'seal' | 'open'>
  readonly clock: Clock
  readonly settings: { readonly publicUrl: string }
}

export function createPackageSigner(needs: Needs): PackageSigner {
  let opening: Promise<OpenPgpKey> | null = null
  const key = () => {
    opening ??= openKey(needs).catch((error: unknown) => {
      opening = null
      throw error
    })
    return opening
  }
  return {
    async sign({ bytes, timestamp }) {
      const own = await key()
      // Verifiers refuse a signature that is older than its key.
      return await signatureOver(bytes, own, Math.max(timestamp, own.createdAt))
    },
    async publicKey() {
      const own = await key()
      const armoured = await armouredPublicKey(
        own,
        `Drydock packages (${needs.settings.publicUrl})`,
      )
      return { fingerprint: fingerprintOf(own), createdAt: own.createdAt, armoured }
    },
  }
}

async function openKey(needs: Needs): Promise<OpenPgpKey> {
  const stored = (await loadPackageKey(needs.database.read)) ?? (await makeKey(needs))
  const pem = fromUtf8(needs.secret.open(stored.sealedPrivate, contextOf(stored.keyId)))
  const key = packageKeyFromPem(pem, stored.createdAt / 1000)
  if (key.ok && fingerprintOf(key.value) === stored.keyId) return key.value
  const doing = `opening the package key ${stored.keyId}`
  throw new Fault({ code: 'package-key-damaged', doing, retry: 'never' })
}

async function makeKey({ database, secret, clock }: Needs): Promise<StoredPackageKey> {
  const key = await newPackageKey(Math.floor(clock.now() / 1000))
  const keyId = fingerprintOf(key)
  const sealedPrivate = secret.seal(utf8(packageKeyToPem(key)), contextOf(keyId))
  const made = { keyId, sealedPrivate, createdAt: key.createdAt * 1000 }
  // Serializable: two servers that build their first package at once agree on one key.
  return await database.write(async (tx) => {
    const known = await loadPackageKey(tx)
    if (known === null) await savePackageKey(tx, made)
    return known ?? made
  }, 'serializable')
}

function contextOf(keyId: string): string {
  return `package-key:${keyId}`
}

import { fromUtf8, utf8 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { Random } from '../base/random.ts'
import type { Database } from '../store/open.ts'
import type { InstanceSecret } from '../store/secret.ts'
import { loadSigningKeys, type StoredSigningKey, saveSigningKey } from '../store/signing-keys.ts'
import {
  newSigningKey,
  type SigningKey,
  signingKeyFromPem,
  signingKeyToPem,
} from '../trust/keys.ts'

type Needs = {
  readonly database: Database
  readonly secret: InstanceSecret
  readonly clock: Clock
  readonly random: Random
}

/** The newest key that signs releases; made at the first start. */
export async function openSigningKey(needs: Needs): Promise<SigningKey> {
  const made = newSigningKey(needs.random)
  // Serializable: two servers that start on one empty database agree on one key.
  const stored = await needs.database.write(async (tx) => {
    const known = (await loadSigningKeys(tx)).at(-1)
    if (known !== undefined) return known
    const sealed = seal(made, needs.secret)
    await saveSigningKey(tx, sealed, needs.clock.now())
    return sealed
  }, 'serializable')
  return unseal(stored, needs.secret)
}

function seal(key: SigningKey, secret: InstanceSecret): StoredSigningKey {
  const { keyId, publicKey } = key
  const sealedPrivate = secret.seal(utf8(signingKeyToPem(key)), contextOf(keyId))
  return { keyId, publicKey, sealedPrivate }
}

function unseal(stored: StoredSigningKey, secret: InstanceSecret): SigningKey {
  const pem = fromUtf8(secret.open(stored.sealedPrivate, contextOf(stored.keyId)))
  const key = signingKeyFromPem(pem)
  if (key.ok && key.value.keyId === stored.keyId) return key.value
  const doing = `opening the signing key ${stored.keyId}`
  throw new Fault({ code: 'signing-key-damaged', doing, retry: 'never' })
}

function contextOf(keyId: string): string {
  return `signing-key:${keyId}`
}

import { sign } from 'node:crypto'
import { preAuthenticationEncoding, writeEnvelope } from './envelope.ts'
import type { SigningKey } from './keys.ts'

/**
 * Signs a payload as what `payloadType` says it is, once with each key, and gives the envelope's
 * bytes. Ed25519 is deterministic: the same payload and keys give the same envelope.
 */
export function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  keys: readonly [SigningKey, ...SigningKey[]],
): Uint8Array {
  const signed = preAuthenticationEncoding(payloadType, payload)
  return writeEnvelope({
    payloadType,
    payload,
    signatures: keys.map((key) => ({
      keyId: key.keyId,
      signature: sign(null, signed, key.privateKey),
    })),
  })
}

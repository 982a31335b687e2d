/**
 * The one place where bytes from elsewhere become bytes to believe. The parties: a server that
 * signs release manifests, an endpoint that was installed with the public keys it trusts, and
 * everybody between them (the network, proxies, a mirror, the disk). Guaranteed: an accepted
 * payload is byte for byte what the holder of a trusted key signed, as this very type. Deliberately
 * absent: trust in a key because of where it came from, any algorithm but Ed25519, and any reading
 * of the payload before its signature is known to be good.
 */
import { verify } from 'node:crypto'
import { type Digest, digestOf } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { type EnvelopeRefusal, parseEnvelope, preAuthenticationEncoding } from './envelope.ts'
import type { TrustedKey } from './keys.ts'

export type Verified = {
  readonly payload: Uint8Array
  /** Of the payload's bytes: for a release manifest, the manifest digest. */
  readonly digest: Digest
  /** The trusted key that signed it. */
  readonly keyId: Digest
}

/** In order of precedence: the first that applies is the answer. */
export type VerifyRefusal =
  | EnvelopeRefusal
  | { readonly code: 'wrong-payload-type'; readonly payloadType: string }
  | { readonly code: 'unknown-key'; readonly keyIds: readonly Digest[] }
  | { readonly code: 'bad-signature'; readonly keyId: Digest }

/**
 * Accepts the payload if a trusted key signed it. A signature by a key that is not trusted here is
 * passed over (during a rotation releases carry both), but a wrong one by a trusted key condemns
 * the envelope.
 */
export function verifyEnvelope(
  bytes: Uint8Array,
  expected: { readonly payloadType: string; readonly payloadBytesMax: number },
  trustedKeys: readonly TrustedKey[],
): Result<Verified, VerifyRefusal> {
  const parsed = parseEnvelope(bytes, expected.payloadBytesMax)
  if (!parsed.ok) return parsed
  const { payloadType, payload, signatures } = parsed.value
  if (payloadType !== expected.payloadType) {
    return refuse({ code: 'wrong-payload-type', payloadType: payloadType.slice(0, 200) })
  }
  const signed = preAuthenticationEncoding(payloadType, payload)
  let believed: Digest | null = null
  for (const { keyId, signature } of signatures) {
    const key = trustedKeys.find((trusted) => trusted.keyId === keyId)
    if (key === undefined) continue
    if (!verify(null, signed, key.publicKey, signature)) {
      return refuse({ code: 'bad-signature', keyId })
    }
    believed ??= keyId
  }
  if (believed === null) {
    return refuse({ code: 'unknown-key', keyIds: signatures.map((each) => each.keyId) })
  }
  return accept({ payload, digest: digestOf(payload), keyId: believed })
}

/**
 * The signed envelope: a payload as the bytes that were signed, its type, and signatures by named
 * keys. It is the idea of DSSE (https://github.com/secure-systems-lab/dsse): what is signed is the
 * pre-authentication encoding below, which binds the type and both lengths, so bytes signed as one
 * type are never taken for another. This file knows the envelope's shape only; what the payload
 * means is for the caller, after verification.
 */
import { concatBytes, fromUtf8, utf8 } from '../base/bytes.ts'
import { type Digest, isDigest } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'

export type Signature = { readonly keyId: Digest; readonly signature: Uint8Array }

export type Envelope = {
  readonly payloadType: string
  readonly payload: Uint8Array
  readonly signatures: readonly Signature[]
}

export type EnvelopeRefusal =
  | { readonly code: 'envelope-too-large'; readonly limit: number }
  | { readonly code: 'malformed-envelope'; readonly what: string }

/** More than any rotation needs; each costs a verification at most. */
export const SIGNATURES_MAX = 16
/** Base64 grows a payload by a third; the rest is room for the signatures. */
const ENVELOPE_OVERHEAD_BYTES = 8 * 1024
/** An Ed25519 signature (RFC 8032, section 5.1.6). */
const SIGNATURE_LENGTH = 64

/** `DSSEv1`, then type and payload, each after its length in bytes. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType)
  return concatBytes([utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload])
}

/** The same envelope gives the same bytes. */
export function writeEnvelope(envelope: Envelope): Uint8Array {
  return utf8(
    JSON.stringify({
      payload_type: envelope.payloadType,
      payload: toBase64(envelope.payload),
      signatures: envelope.signatures.map((each) => ({
        key_id: each.keyId,
        signature: toBase64(each.signature),
      })),
    }),
  )
}

/** Shape only: nothing in the answer may be believed before its signatures were verified. */
export function parseEnvelope(
  bytes: Uint8Array,
  payloadBytesMax: number,
): Result<Envelope, EnvelopeRefusal> {
  const limit = Math.ceil(payloadBytesMax / 3) * 4 + ENVELOPE_OVERHEAD_BYTES
  if (bytes.length > limit) return refuse({ code: 'envelope-too-large', limit })
  let parsed: unknown
  try {
    parsed = JSON.parse(fromUtf8(bytes))
  } catch {
    return malformed('not JSON in UTF-8')
  }
  if (!hasExactly(parsed, ['payload_type', 'payload', 'signatures'])) return malformed('its fields')
  const { payload_type: payloadType, signatures } = parsed
  if (typeof payloadType !== 'string') return malformed('payload_type')
  const payload = fromBase64(parsed.payload)
  if (payload === null) return malformed('payload')
  if (payload.length > payloadBytesMax) return refuse({ code: 'envelope-too-large', limit })
  const signed = parseSignatures(signatures)
  return signed === null
    ? malformed('signatures')
    : accept({ payloadType, payload, signatures: signed })
}

function parseSignatures(list: unknown): Signature[] | null {
  if (!Array.isArray(list) || list.length === 0 || list.length > SIGNATURES_MAX) return null
  const signatures: Signature[] = []
  for (const each of list) {
    if (!hasExactly(each, ['key_id', 'signature'])) return null
    const keyId = each.key_id
    const signature = fromBase64(each.signature)
    if (typeof keyId !== 'string' || !isDigest(keyId)) return null
    if (signature?.length !== SIGNATURE_LENGTH) return null
    // One key, one signature: otherwise a single key could count more than once towards a
    // threshold.
    if (signatures.some((other) => other.keyId === keyId)) return null
    signatures.push({ keyId, signature })
  }
  return signatures
}

function hasExactly(value: unknown, keys: readonly string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const own = Object.keys(value)
  return own.length === keys.length && keys.every((key) => own.includes(key))
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** Canonical base64 only, so that one payload has one spelling. */
function fromBase64(text: unknown): Uint8Array | null {
  if (typeof text !== 'string') return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

function malformed(what: string): Result<never, EnvelopeRefusal> {
  return refuse({ code: 'malformed-envelope', what })
}

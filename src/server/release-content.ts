import { fromUtf8 } from '../base/bytes.ts'
import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/fault.ts'
import { MANIFEST_BYTES_MAX, type Manifest, manifest } from '../contract/manifest.ts'
import { parseEnvelope } from '../trust/envelope.ts'

/**
 * The manifest inside an envelope of our own database. Its signature is not asked for here: agents
 * verify it, and whoever can change this database signs what he likes anyway.
 */
export function manifestIn(envelope: Uint8Array, manifestDigest: Digest): Manifest {
  const parsed = parseEnvelope(envelope, MANIFEST_BYTES_MAX)
  if (!parsed.ok) throw damaged(manifestDigest, parsed.refusal.code)
  const read = manifest.safeParse(jsonIn(parsed.value.payload, manifestDigest))
  if (!read.success) throw damaged(manifestDigest, read.error)
  return read.data
}

function jsonIn(payload: Uint8Array, manifestDigest: Digest): unknown {
  try {
    return JSON.parse(fromUtf8(payload))
  } catch (cause) {
    throw damaged(manifestDigest, cause)
  }
}

function damaged(manifestDigest: Digest, cause: unknown): Fault {
  const doing = `reading the stored manifest ${manifestDigest}`
  return new Fault({ code: 'manifest-damaged', doing, retry: 'never', cause })
}

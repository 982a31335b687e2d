import { type Digest, digestOf, equalInConstantTime } from '../../base/digest.ts'
import type { EndpointId } from '../../base/ids.ts'

/** Who an agent says it is; only the digest of its secret goes any further. */
export type Credential = { readonly endpointId: EndpointId; readonly digest: Digest }

const BEARER = /^Bearer ([0-9a-f]{32})\.([0-9a-f]{64})$/

/** Reads `Authorization: Bearer <endpoint id>.<secret>`; null when it is anything else. */
export function readCredential(header: string | undefined): Credential | null {
  const [, id, secret] = BEARER.exec(header ?? '') ?? []
  if (id === undefined || secret === undefined) return null
  return { endpointId: id as EndpointId, digest: digestOf(secret) } // The pattern is an id's.
}

/** The id alone, which costs no digest; null when the header is anything else. */
export function claimedEndpoint(header: string | undefined): string | null {
  return BEARER.exec(header ?? '')?.[1] ?? null
}

/** Whether the secret is the endpoint's own; also of one that was deleted, and may come back. */
export function isAuthentic(
  stored: { readonly credentialDigest: Digest } | null,
  credential: Credential,
): boolean {
  if (stored === null) return false
  return equalInConstantTime(stored.credentialDigest, credential.digest)
}

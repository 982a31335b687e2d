/**
 * A release manifest as launcher and agent believe it: signed by a trusted key, of the right shape,
 * with paths that stay where they belong. Everything that reads a manifest reads it through here.
 */

import type { Digest } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { Installation } from '../contract/agent/installation.ts'
import {
  AGENT_ENTRY,
  MANIFEST_BYTES_MAX,
  MANIFEST_PAYLOAD_TYPE,
  type Manifest,
  manifest as manifestSchema,
  PAYLOAD_FOLDER,
} from '../contract/manifest.ts'
import { type TrustedKey, trustedKeyOf } from '../trust/keys.ts'
import { type VerifyRefusal, verifyEnvelope } from '../trust/verify.ts'
import { parseJson } from './json-file.ts'

export type VerifiedManifest = { readonly manifest: Manifest; readonly digest: Digest }

export type ManifestRefusal =
  | VerifyRefusal
  | { readonly code: 'malformed-manifest'; readonly what: string }
  | { readonly code: 'unsafe-path'; readonly path: string }

/**
 * The keys of `enrolment.json` that are keys; one that is none can sign nothing and is left out.
 */
export function trustedKeysOf(installation: Installation): readonly TrustedKey[] {
  return installation.trusted_keys.flatMap((named) => {
    const key = trustedKeyOf(named)
    return key.ok ? [key.value] : []
  })
}

export function verifyManifest(
  envelope: Uint8Array,
  trustedKeys: readonly TrustedKey[],
): Result<VerifiedManifest, ManifestRefusal> {
  const expected = {
    payloadType: MANIFEST_PAYLOAD_TYPE,
    payloadBytesMax: MANIFEST_BYTES_MAX,
  }
  const verified = verifyEnvelope(envelope, expected, trustedKeys)
  if (!verified.ok) return verified
  const parsed = parseJson(verified.value.payload, manifestSchema)
  if (!parsed.ok) return refuse({ code: 'malformed-manifest', what: parsed.refusal.what })
  const refusal = checkFiles(parsed.value)
  return refusal ?? accept({ manifest: parsed.value, digest: verified.value.digest })
}

/** Path of the payload's program in the version directory. */
export function payloadProgram(manifest: Manifest): string | null {
  return manifest.payload === null ? null : `${PAYLOAD_FOLDER}/${manifest.payload.run[0]}`
}

function checkFiles(manifest: Manifest): Result<never, ManifestRefusal> | null {
  const paths = new Set<string>()
  for (const { path } of manifest.files) {
    const inside = path === AGENT_ENTRY || path.startsWith(`${PAYLOAD_FOLDER}/`)
    if (!inside || paths.has(path)) return refuse({ code: 'unsafe-path', path })
    paths.add(path)
  }
  for (const path of paths) {
    const parts = path.split('/')
    const inAFile = parts.some(
      (_, count) => count > 0 && paths.has(parts.slice(0, count).join('/')),
    )
    if (inAFile) return refuse({ code: 'unsafe-path', path })
  }
  if (!paths.has(AGENT_ENTRY)) {
    return refuse({ code: 'malformed-manifest', what: `no ${AGENT_ENTRY}` })
  }
  const program = payloadProgram(manifest)
  const runs = manifest.files.some((file) => file.path === program && file.executable)
  if (program === null || runs) return null
  return refuse({ code: 'malformed-manifest', what: `${program} is not an executable file` })
}

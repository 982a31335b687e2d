/**
 * Fetches and verifies the manifest of the version that was offered.
 *
 * Before: the attempt names a manifest digest; nothing of it is believed. After:
 * `partial/<digest>.manifest` holds the envelope, signed by a trusted key, its payload of this
 * digest. What came damaged is fetched again, by another way first where there is one. Safe to
 * repeat because: the file is written whole, after verification, and the same digest is the same
 * bytes.
 */
import { accept, type Result, refuse } from '../../base/result.ts'
import type { TrustedKey } from '../../trust/keys.ts'
import type { Layout } from '../layout.ts'
import { makeFolder, writeDurably } from '../machine/files.ts'
import { type ManifestRefusal, verifyManifest } from '../manifest.ts'
import type { ServerLink } from '../server-link.ts'
import { ENVELOPE_BYTES_MAX } from '../version-directory.ts'
import type { Misfit } from './check-manifest.ts'
import { DamagedDownload } from './damaged-download.ts'
import { partialManifest } from './observe.ts'
import { RefusedDownload } from './refused-download.ts'

export async function fetchManifest(
  needs: {
    readonly layout: Layout
    readonly link: ServerLink
    readonly authorization: string
    readonly trustedKeys: readonly TrustedKey[]
    readonly signal: AbortSignal
  },
  digest: string,
): Promise<Result<null, Misfit>> {
  const { layout, link, authorization, trustedKeys, signal } = needs
  const response = await link.send({
    method: 'GET',
    path: `/agent/v1/manifests/${digest}`,
    headers: { authorization },
    body: null,
    signal,
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new RefusedDownload(`fetching manifest ${digest}`, response)
  }
  const envelope = await link.readBody(response, ENVELOPE_BYTES_MAX)
  const verified = verifyManifest(envelope, trustedKeys)
  if (!verified.ok) {
    const { refusal } = verified
    if (isOfContent(refusal)) {
      return refuse({ reason: refusal.code, message: `the manifest was refused: ${refusal.code}` })
    }
    link.distrust(response)
    throw new DamagedDownload(refusal.code, `verifying manifest ${digest}`)
  }
  if (verified.value.digest !== digest) {
    link.distrust(response)
    throw new DamagedDownload('wrong-manifest', `verifying manifest ${digest}`)
  }
  makeFolder(layout.partial)
  writeDurably(partialManifest(layout, digest), envelope, 0o600)
  return accept(null)
}

/** Signed by a trusted key, and no manifest for us: it would be the same the next time. */
function isOfContent(
  refusal: ManifestRefusal,
): refusal is Extract<ManifestRefusal, { code: 'malformed-manifest' | 'unsafe-path' }> {
  return refusal.code === 'malformed-manifest' || refusal.code === 'unsafe-path'
}

/**
 * Links to packages that work without an API key, for machines that have none. A link is good for
 * one package and one day; whoever holds it can install an agent, as with the package itself. One
 * that would be good for longer was signed by a clock that ran ahead, and is good no more.
 */
import { createHmac } from 'node:crypto'
import { CLOCK_ERROR_MS_MAX, type Instant } from '../base/clock.ts'
import { equalInConstantTime } from '../base/digest.ts'
import type { InstanceSecret } from '../store/secret.ts'

export const LINK_MS = 24 * 3_600_000

export type LinkedPackage = {
  readonly distributionId: string
  readonly packageType: string
  readonly fileName: string
}

export type LinkVerdict = 'good' | 'expired' | 'forged'

type UrlKey = Pick<InstanceSecret, 'keyFor'>

/** Path and query, to be put behind the server's public URL. */
export function downloadLink(secret: UrlKey, linked: LinkedPackage, expiresAt: Instant): string {
  const { distributionId, packageType, fileName } = linked
  const path = [distributionId, packageType, fileName].map(encodeURIComponent).join('/')
  const query = new URLSearchParams({
    expires: String(expiresAt),
    signature: signatureOf(secret, linked, String(expiresAt)),
  })
  return `/dist/${path}?${query}`
}

export function checkLink(
  secret: UrlKey,
  linked: LinkedPackage,
  sent: { readonly query: URLSearchParams; readonly now: Instant },
): LinkVerdict {
  const expires = sent.query.get('expires') ?? ''
  const signature = sent.query.get('signature') ?? ''
  if (!equalInConstantTime(signature, signatureOf(secret, linked, expires))) return 'forged'
  const leftMs = Number(expires) - sent.now
  return leftMs > 0 && leftMs <= LINK_MS + CLOCK_ERROR_MS_MAX ? 'good' : 'expired'
}

function signatureOf(secret: UrlKey, linked: LinkedPackage, expires: string): string {
  // Line feeds part the fields: none of them holds one when the server signs, so no two links read
  // the same.
  const parts = ['package v1', linked.distributionId, linked.packageType, linked.fileName, expires]
  const mac = createHmac('sha256', secret.keyFor('url-signing'))
  return mac.update(parts.map((part) => part.replaceAll('\n', ' ')).join('\n')).digest('base64url')
}

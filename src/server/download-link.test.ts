import { describe, expect, it } from 'vitest'
import { systemRandom } from '../base/random.ts'
import { instanceSecret } from '../store/secret.ts'
import { checkLink, downloadLink, LINK_MS } from './download-link.ts'

const NOW = Date.parse('2026-11-22T08:00:00Z')
const LINKED = { distributionId: 'd', packageType: 'deb', fileName: 'a.deb' }
const secret = instanceSecret(systemRandom.bytes(32), systemRandom)

function verdictAt(signedAt: number, now: number, linked = LINKED) {
  const link = downloadLink(secret, LINKED, signedAt + LINK_MS)
  return checkLink(secret, linked, { query: new URL(link, 'http://x').searchParams, now })
}

describe('a link', () => {
  it('is good for a day, and for what it was signed for', () => {
    expect(verdictAt(NOW, NOW)).toBe('good')
    expect(verdictAt(NOW, NOW + LINK_MS - 1)).toBe('good')
    expect(verdictAt(NOW, NOW + LINK_MS)).toBe('expired')
    expect(verdictAt(NOW, NOW, { ...LINKED, packageType: 'sh' })).toBe('forged')
  })

  it('is good where a clock is a little behind, and not when one ran far ahead', () => {
    expect(verdictAt(NOW, NOW - 60_000)).toBe('good')
    expect(verdictAt(NOW + 365 * LINK_MS, NOW)).toBe('expired')
  })
})

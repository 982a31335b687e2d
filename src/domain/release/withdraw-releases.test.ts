import { describe, expect, it } from 'vitest'
import { digest, NOW, sampleRelease } from '../_samples.ts'
import { decideWithdrawReleases } from './withdraw-releases.ts'

const offered = sampleRelease()
const gone = sampleRelease({ manifestDigest: digest('release 1'), withdrawnAt: NOW - 1 })

describe('withdrawing releases', () => {
  it.each([
    ['what is offered', [offered], [{ ...offered, withdrawnAt: NOW }], [NOW]],
    ['what was withdrawn stays as it was', [gone], [], [NOW - 1]],
    ['both', [gone, offered], [{ ...offered, withdrawnAt: NOW }], [NOW - 1, NOW]],
  ])('%s', (_name, named, withdrawn, times) => {
    const decided = decideWithdrawReleases(named, NOW)
    if (!decided.ok) throw new Error(decided.refusal.code)
    expect(decided.value.withdrawn).toEqual(withdrawn)
    expect(decided.value.named.map(({ withdrawnAt }) => withdrawnAt)).toEqual(times)
  })

  it('refuses what nobody published', () => {
    const refusal = { code: 'release-unknown' }
    expect(decideWithdrawReleases([], NOW)).toEqual({ ok: false, refusal })
  })
})

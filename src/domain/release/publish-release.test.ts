import { describe, expect, it } from 'vitest'
import { digest, LINUX, NOW, sampleRelease, version } from '../_samples.ts'
import { decidePublishRelease, type PublishRelease } from './publish-release.ts'

const agent = { path: 'agent.mjs', digest: digest('agent'), executable: false }
const program = { path: 'payload/bin/x', digest: digest('x'), executable: true }

const command = (given: Partial<PublishRelease> = {}): PublishRelease => ({
  manifestDigest: digest('release 2'),
  version: version('1.0.0.2'),
  target: LINUX,
  launcher: digest('launcher'),
  files: [agent, program],
  payloadProgram: 'bin/x',
  ...given,
})
const stored = new Set([digest('launcher'), agent.digest, program.digest])
const empty = { existing: null, storedArtifacts: stored }

describe('publishing a release', () => {
  it('a new version is offered from now on', () => {
    const decided = decidePublishRelease(empty, command(), NOW)
    expect(decided).toEqual({ ok: true, value: { isNew: true, release: sampleRelease() } })
  })

  it('the very same release again changes nothing', () => {
    const existing = sampleRelease({ publishedAt: 1 })
    const decided = decidePublishRelease({ ...empty, existing }, command(), NOW)
    expect(decided).toEqual({ ok: true, value: { isNew: false, release: existing } })
  })

  const other = sampleRelease({ manifestDigest: digest('other') })
  const spoilt = { existing: other, storedArtifacts: new Set<never>() }
  const repeated = { files: [agent, { ...agent, path: 'AGENT.mjs' }], payloadProgram: 'bin/x' }
  const rows = [
    ['path-repeated', spoilt, repeated],
    ['agent-entry-missing', spoilt, { files: [], payloadProgram: 'bin/x' }],
    ['payload-program-missing', spoilt, { files: [agent] }],
    [
      'payload-program-not-executable',
      spoilt,
      { files: [agent, { ...program, executable: false }] },
    ],
    ['artifact-not-uploaded', spoilt, {}],
    ['version-exists-with-other-content', { ...spoilt, storedArtifacts: stored }, {}],
  ] as const
  it.each(rows)('refuses: %s', (code, view, given) => {
    const decided = decidePublishRelease(view, command(given), NOW)
    expect(decided).toMatchObject({ ok: false, refusal: { code } })
  })
})

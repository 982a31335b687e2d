import { describe, expect, it } from 'vitest'
import { digest, LINUX, NOW, sampleRelease, version } from '../_samples.ts'
import { NO_FLOORS } from './floors.ts'
import { decidePublishRelease, type PublishRelease } from './publish-release.ts'

const agent = { path: 'agent.mjs', digest: digest('agent'), executable: false }
const app = { path: 'agent.apk', digest: digest('agent'), executable: false }
const ANDROID = { platform: 'android', arch: 'arm64', libc: 'none' } as const
const program = { path: 'payload/bin/x', digest: digest('x'), executable: true }

const command = (given: Partial<PublishRelease> = {}): PublishRelease => ({
  manifestDigest: digest('release 2'),
  version: version('1.0.0.2'),
  target: LINUX,
  launcher: digest('launcher'),
  files: [agent, program],
  payloadProgram: 'bin/x',
  floors: null,
  ...given,
})
const stored = new Set([digest('launcher'), agent.digest, program.digest])
const empty = { existing: null, storedArtifacts: stored }

describe('publishing a release', () => {
  it('a new version is offered from now on', () => {
    const decided = decidePublishRelease(empty, command(), NOW)
    const value = { isNew: true, release: sampleRelease(), floorsBefore: null }
    expect(decided).toEqual({ ok: true, value })
  })

  it('the very same release again changes nothing', () => {
    const existing = sampleRelease({ publishedAt: 1 })
    const decided = decidePublishRelease({ ...empty, existing }, command(), NOW)
    const value = { isNew: false, release: existing, floorsBefore: null }
    expect(decided).toEqual({ ok: true, value })
  })

  const floors = { osVersion: '12', kernel: null, agentVersion: version('1.0.0.1') }
  it.each([
    ['are none where none are given', sampleRelease(), null, NO_FLOORS, null],
    ['stay where none are given', sampleRelease({ floors }), null, floors, null],
    ['stay when they are given again', sampleRelease({ floors }), { ...floors }, floors, null],
    ['become others', sampleRelease({ floors }), NO_FLOORS, NO_FLOORS, floors],
  ])('the floors of what is there %s', (_name, existing, given, after, before) => {
    const decided = decidePublishRelease({ ...empty, existing }, command({ floors: given }), NOW)
    expect(decided).toMatchObject({
      ok: true,
      value: { isNew: false, release: { floors: after }, floorsBefore: before },
    })
  })

  const other = sampleRelease({ manifestDigest: digest('other') })
  const spoilt = { existing: other, storedArtifacts: new Set<never>() }
  const repeated = { files: [agent, { ...agent, path: 'AGENT.mjs' }], payloadProgram: 'bin/x' }
  const rows = [
    ['path-repeated', spoilt, repeated],
    ['agent-entry-missing', spoilt, { files: [], payloadProgram: 'bin/x' }],
    ['agent-entry-missing', spoilt, { target: ANDROID, files: [agent], payloadProgram: null }],
    ['android-takes-no-payload', spoilt, { target: ANDROID, files: [app, program] }],
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

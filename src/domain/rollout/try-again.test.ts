import { describe, expect, it } from 'vitest'
import type { EndpointId, UpgradeActionId } from '../../base/ids.ts'
import type { AgentVersion } from '../../base/version.ts'
import { sampleUpgrade } from '../_samples.ts'
import { UPGRADE_STATES, type Upgrade, type UpgradeState } from '../upgrade/upgrade.ts'
import { decideRetry, decideRevert } from './try-again.ts'

const ACTION = 17 as UpgradeActionId
const A = 'a'.repeat(32) as EndpointId
const B = 'b'.repeat(32) as EndpointId
const OLD = '1.0.0.1' as AgentVersion
const NEW = '1.0.0.2' as AgentVersion
const NEWER = '1.0.0.3' as AgentVersion

function upgrade(endpointId: EndpointId, state: UpgradeState, more: Partial<Upgrade> = {}) {
  const from = { fromVersion: OLD, targetVersion: NEW }
  return sampleUpgrade({ actionId: ACTION, endpointId, state, ...from, ...more })
}

describe('what is tried once more', () => {
  it.each(UPGRADE_STATES.map((state) => [state]))('%s', (state) => {
    const decided = decideRetry(ACTION, [upgrade(A, state)])
    const isRetried = ['rolled-back', 'failed', 'timed-out', 'expired'].includes(state)
    expect(decided).toEqual(
      isRetried
        ? { ok: true, value: { targets: new Map([[A, NEW]]), isDowngrade: false } }
        : { ok: false, refusal: { code: 'nothing-to-retry', actionId: ACTION } },
    )
  })

  it('goes to the version behind every step, and back where it was to go back', () => {
    const steps = [{ version: NEWER, manifestDigest: upgrade(A, 'failed').manifestDigest }]
    const back = upgrade(B, 'timed-out', { fromVersion: NEW, targetVersion: OLD })
    const decided = decideRetry(ACTION, [upgrade(A, 'failed', { steps }), back])
    const targets = new Map([
      [A, NEWER],
      [B, OLD],
    ])
    expect(decided).toEqual({ ok: true, value: { targets, isDowngrade: true } })
  })
})

describe('what is taken back', () => {
  const running = (version: AgentVersion | null) => new Map([[A, version]])
  it.each<[string, Upgrade, AgentVersion | null, number | null]>([
    ['what succeeded and still has its version', upgrade(A, 'succeeded'), NEW, null],
    ['nothing that has moved on', upgrade(A, 'succeeded'), NEWER, 1],
    ['nothing that was taken back before', upgrade(A, 'succeeded'), OLD, 1],
    ['nothing that did not succeed', upgrade(A, 'rolled-back'), NEW, 0],
    ['nothing of which nobody knows what runs', upgrade(A, 'succeeded'), null, 1],
    ['nothing that had it before', upgrade(A, 'succeeded', { fromVersion: NEW }), NEW, 0],
  ])('%s', (_case, given, version, movedOn) => {
    const decided = decideRevert(ACTION, [given], running(version))
    expect(decided).toEqual(
      movedOn === null
        ? { ok: true, value: { targets: new Map([[A, OLD]]), isDowngrade: true, movedOn: 0 } }
        : { ok: false, refusal: { code: 'nothing-to-revert', actionId: ACTION, movedOn } },
    )
  })

  it('goes each to the version that it came from', () => {
    const all = [upgrade(A, 'succeeded'), upgrade(B, 'succeeded', { fromVersion: NEWER })]
    const both = new Map([
      [A, NEW],
      [B, NEW],
    ])
    const decided = decideRevert(ACTION, all, both)
    expect(decided.ok && [...decided.value.targets.values()]).toEqual([OLD, NEWER])
  })
})

import { describe, expect, it } from 'vitest'
import { version } from '../_samples.ts'
import {
  ACTION_EXPIRY_DEFAULT,
  ACTION_TYPES_MAX,
  changeActionExpiry,
  upgradeExpiryMs,
} from './action-expiry.ts'
import {
  AGENT_STATUS_DEFAULT,
  changeAgentStatus,
  connectionLimits,
  deletedAfterMs,
  lostDeletionsMax,
} from './agent-status.ts'
import { changeAutoUpgrade } from './auto-upgrade.ts'
import {
  bytesPerSecond,
  CONTENT_MANAGEMENT_DEFAULT,
  changeContentManagement,
} from './content-management.ts'
import { isForCriticalEnvironments, isVersionEnabled } from './critical-environment.ts'
import {
  changeDuplicateCleanup,
  DUPLICATE_CLEANUP_DEFAULT,
  isCleanupDue,
  marksOf,
} from './duplicate-cleanup.ts'

const DAY_MS = 86_400_000
const NOW = 1_000 * DAY_MS
const unchangedCleanup = {
  isEnabled: null,
  byHostname: null,
  byIp: null,
  byMac: null,
  intervalHours: null,
}

it('upgrades at once: named or as before', () => {
  const present = { parallelUpgradesMax: 3 }
  expect(changeAutoUpgrade(present, { parallelUpgradesMax: null })).toEqual(present)
  expect(changeAutoUpgrade(present, { parallelUpgradesMax: 7 }).parallelUpgradesMax).toBe(7)
})

describe('agent status', () => {
  it.each([
    ['both', { lostAfterDays: 10, deletedAfterDays: 11 }, true],
    ['only lost', { lostAfterDays: 60, deletedAfterDays: null }, true],
    ['only deleted', { lostAfterDays: null, deletedAfterDays: 31 }, true],
    ['deleted as soon as lost', { lostAfterDays: 30, deletedAfterDays: 30 }, false],
    ['deleted before what lost was', { lostAfterDays: null, deletedAfterDays: 29 }, false],
    ['nothing', { lostAfterDays: null, deletedAfterDays: null }, true],
  ])('%s', (_name, change, ok) => {
    expect(changeAgentStatus(AGENT_STATUS_DEFAULT, change).ok).toBe(ok)
  })

  it('counts in days', () => {
    const status = { lostAfterDays: 2, deletedAfterDays: 3 }
    expect(connectionLimits(status)).toEqual({ connectedMs: 600_000, lostMs: 2 * DAY_MS })
    expect(deletedAfterMs(status)).toBe(3 * DAY_MS)
  })

  it.each([
    [0, 10],
    [999, 10],
    [1_100, 11],
    [100_000, 1_000],
  ])('of %i endpoints at most %i are deleted at once', (endpoints, most) => {
    expect(lostDeletionsMax(endpoints)).toBe(most)
  })
})

describe('expiry of actions', () => {
  it('is thirty days for upgrades until it is set', () => {
    expect(upgradeExpiryMs(ACTION_EXPIRY_DEFAULT)).toBe(30 * DAY_MS)
    const changed = changeActionExpiry(ACTION_EXPIRY_DEFAULT, {
      hours: { agent_upgrade: 24, scan: 48 },
    })
    if (!changed.ok) throw new Error('it was accepted')
    expect(upgradeExpiryMs(changed.value)).toBe(DAY_MS)
    expect(changed.value.hours).toEqual({ agent_upgrade: 24, scan: 48 })
  })

  it('has room for so many types and no more', () => {
    const types = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`type_${index}`, 24]))
    const full = { hours: types(ACTION_TYPES_MAX - 1) }
    expect(changeActionExpiry(ACTION_EXPIRY_DEFAULT, full).ok).toBe(true)
    const above = { hours: types(ACTION_TYPES_MAX) }
    expect(changeActionExpiry(ACTION_EXPIRY_DEFAULT, above)).toEqual({
      ok: false,
      refusal: { code: 'action-types-too-many', most: ACTION_TYPES_MAX },
    })
  })
})

describe('clean-up of duplicates', () => {
  it('needs a mark to go by', () => {
    const present = DUPLICATE_CLEANUP_DEFAULT
    const on = { ...unchangedCleanup, isEnabled: true }
    expect(changeDuplicateCleanup(present, on)).toMatchObject({
      refusal: { code: 'duplicate-mark-missing' },
    })
    const changed = changeDuplicateCleanup(present, { ...on, byIp: true, byHostname: true })
    if (!changed.ok) throw new Error('it was accepted')
    expect(marksOf(changed.value)).toEqual(['hostname', 'ip'])
    expect(changed.value.intervalHours).toBe(24)
  })

  const enabled = { ...DUPLICATE_CLEANUP_DEFAULT, isEnabled: true, byMac: true, intervalHours: 6 }
  it.each([
    ['never ran', enabled, null, true],
    ['ran five hours ago', enabled, NOW - 5 * 3_600_000, false],
    ['ran six hours ago', enabled, NOW - 6 * 3_600_000, true],
    ['ran in the future, as a wrong clock had it', enabled, NOW + 1, true],
    ['is off', { ...enabled, isEnabled: false }, null, false],
  ])('%s', (_name, cleanup, lastRunAt, isDue) => {
    expect(isCleanupDue(cleanup, lastRunAt, NOW)).toBe(isDue)
  })
})

it('bandwidth: off, or in bytes', () => {
  expect(bytesPerSecond(CONTENT_MANAGEMENT_DEFAULT)).toBeNull()
  const change = { isBandwidthLimited: true, bandwidthMbps: 8, areMinorVersionsUpdated: null }
  expect(bytesPerSecond(changeContentManagement(CONTENT_MANAGEMENT_DEFAULT, change))).toBe(1e6)
})

it.each([
  ['8.3.99.1', false],
  ['8.3.100.1', true],
  ['8.3.101.53600', true],
  ['100.100.0.100', false],
])('%s is for critical environments: %s', (text, isCritical) => {
  expect(isForCriticalEnvironments(version(text))).toBe(isCritical)
  expect(isVersionEnabled({ isEnabled: false }, version(text))).toBe(!isCritical)
  expect(isVersionEnabled({ isEnabled: true }, version(text))).toBe(true)
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ManualClock } from '../base/clock-manual.ts'
import type { EndpointId, UpgradeActionId } from '../base/ids.ts'
import { saveEvents } from './events.ts'
import { loadUpgradePace } from './rollout-counts.ts'
import { startTestDatabase } from './testing/database.ts'

const MINUTE_MS = 60_000
const clock = new ManualClock(Date.parse('2026-11-23T03:00:00Z'))
const START = clock.now()

let database: Awaited<ReturnType<typeof startTestDatabase>>
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

async function told(endpoint: string, action: number, states: Readonly<Record<string, number>>) {
  for (const [state, at] of Object.entries(states)) {
    const endpointId = endpoint.padStart(32, '0') as EndpointId
    const about = { endpointId, actionId: action as UpgradeActionId, targetVersion: '1.0.0.2' }
    const progress = { reason: null, message: null, percent: 0, bytesDone: 0, bytesTotal: 0 }
    const event = { type: 'upgrade.changed', ...about, ...progress, state } as const
    const more = { attempts: 1, notBefore: null }
    await database.write((tx) => saveEvents(tx, at, [{ ...event, ...more }]))
  }
}

describe('how long upgrades took here', () => {
  it('is not known before there were any', async () => {
    expect(await loadUpgradePace(database.read, START)).toBeNull()
  })

  it('is the middle of those that succeeded lately, from the offer on', async () => {
    const offered = START
    await told('1', 1, { offered, succeeded: START + 3 * MINUTE_MS })
    await told('2', 1, { offered, downloading: START + 1, succeeded: START + 4 * MINUTE_MS })
    await told('3', 1, { offered, succeeded: START + 60 * MINUTE_MS })
    await told('4', 1, { offered, 'rolled-back': START + 90 * MINUTE_MS })
    await told('5', 1, { succeeded: START + 90 * MINUTE_MS })
    const now = START + 120 * MINUTE_MS
    expect(await loadUpgradePace(database.read, now)).toEqual({ ms: 4 * MINUTE_MS, upgrades: 3 })
    const later = START + 40 * 86_400_000
    expect(await loadUpgradePace(database.read, later)).toBeNull()
  })
})

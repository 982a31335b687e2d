import { expect, it } from 'vitest'
import { nearestZone } from './zone-name.ts'

it.each([
  ['Berlin', 'Europe/Berlin'],
  ['new york', 'America/New_York'],
  ['Europe/Berln', 'Europe/Berlin'],
  ['Germany/Berlin', 'Europe/Berlin'],
  ['Asia/Tokio', 'Asia/Tokyo'],
])('%s may have meant %s', (name, zone) => {
  expect(nearestZone(name)).toBe(zone)
})

it.each(['', '/', '+02:00', 'the office', 'CEST', 'x'.repeat(64)])(
  '%j comes near nothing',
  (name) => {
    expect(nearestZone(name)).toBeNull()
  },
)

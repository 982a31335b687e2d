import { describe, expect, it } from 'vitest'
import { VERSION_KINDS, type VersionKind } from './bad-versions.ts'
import { FAIR_WEATHER } from './network/network.ts'
import { HOUR, MINUTE, smallWorld } from './testing/small-world.ts'

const FOUL_WEATHER = {
  ...FAIR_WEATHER,
  lostRequests: 0.1,
  lostReplies: 0.1,
  duplicates: 0.1,
  cuts: 0.1,
  damages: 0.05,
}

/** A world with a bit of everything in it. */
async function troubledRun(seed: string) {
  const { world, server, machines, next } = smallWorld({ seed, machines: 4 })
  world.network.weather = FOUL_WEATHER
  const chance = world.chance.stream('troubles')
  world.after(5 * MINUTE, () => server.order(next))
  for (const machine of machines) {
    machine.drive.errorShare = 0.001
    machine.drive.readDelayMs = chance.whole(0, 20)
    const troubles = [
      () => machine.cutPower(),
      () => machine.killLauncher(),
      () => machine.killAgent(),
      () => machine.powerOff(),
    ]
    for (let count = 0; count < 6; count += 1) {
      world.after(chance.whole(0, 20 * MINUTE), chance.pick(troubles))
      world.after(chance.whole(0, 21 * MINUTE), () => machine.powerOn())
    }
  }
  await world.run(30 * MINUTE)
  await world.close()
  return { world, server, machines, next }
}

describe('a world', () => {
  it('is the same for the same seed, and another for another one', async () => {
    const first = await troubledRun('a')
    const second = await troubledRun('a')
    expect(second.world.transcript).toEqual(first.world.transcript)
    expect(second.world.steps).toBe(first.world.steps)
    expect(second.server.checkIns).toEqual(first.server.checkIns)
    expect(second.world.faults).toEqual(first.world.faults)
    expect((await troubledRun('b')).world.transcript).not.toEqual(first.world.transcript)
  })

  it('injects what its weather says', async () => {
    const { world } = await troubledRun('a')
    expect([...world.faults.keys()].sort()).toEqual([
      'cut',
      'damage',
      'disk-error',
      'duplicate',
      'lost-reply',
      'lost-request',
    ])
  })

  it('has every machine on the new version at the end of an upgrade, once it is calm', async () => {
    const { world, server, machines, next } = smallWorld({ machines: 4 })
    world.network.weather = { ...FOUL_WEATHER, damages: 0 }
    server.order(next)
    await world.run(HOUR)
    world.network.weather = FAIR_WEATHER
    await world.run(2 * HOUR)
    for (const machine of machines) {
      const { slots, isHealthy, executed } = machine.observe()
      expect(slots.active?.version).toBe('1.1.0.0')
      expect(isHealthy).toBe(true)
      expect(executed.size).toBe(6)
    }
    await world.close()
  })
})

const FATES: readonly (readonly [VersionKind, string, string | null])[] = [
  ['bare', 'succeeded', null],
  ['exits-at-once', 'rolled-back', 'does-not-start'],
  ['exits-later', 'rolled-back', 'exited'],
  ['never-says-hello', 'rolled-back', 'silent'],
  ['hangs', 'rolled-back', 'exited'],
  ['never-checks-in', 'rolled-back', 'never-checked-in'],
  ['fails-on-some-machines', 'rolled-back', 'does-not-start'],
  ['dies-after-probation', 'succeeded', null],
  ['goes-silent', 'succeeded', null],
  ['crashes-on-second-start', 'succeeded', null],
  ['unhealthy', 'rolled-back', 'payload-unhealthy'],
  ['payload-dies', 'rolled-back', 'payload-exited'],
  ['too-large', 'failed', 'disk-full'],
  ['damaged', 'failed', 'digest-mismatch'],
]

describe('a version', () => {
  it.each(FATES)('%s: %s, %s', async (kind, phase, reason) => {
    const { world, server, machines, next } = smallWorld({ kind })
    const [machine] = machines
    if (machine !== undefined) machine.isUnlucky = true
    server.order(next)
    await world.run(20 * MINUTE)
    expect([...server.ends.values()]).toEqual([{ phase, reason }])
    const stays = phase === 'succeeded'
    expect(machine?.observe().slots.active?.version).toBe(stays ? '1.1.0.0' : '1.0.0.0')
    expect(machine?.observe().isHealthy).toBe(true)
    const { fate } = VERSION_KINDS[kind]
    expect(fate).toBe(stays ? (kind === 'bare' ? 'stays' : 'bad-later') : phase)
    await world.close()
  })
})

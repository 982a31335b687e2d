import { describe, expect, it } from 'vitest'
import { digestOf } from '../../base/digest.ts'
import { makeVersion } from '../bad-versions.ts'
import { HOUR, MINUTE, type SmallWorld, smallWorld } from '../testing/small-world.ts'

function only({ machines }: SmallWorld) {
  const [machine] = machines
  if (machine === undefined) throw new Error('there is one machine')
  return machine
}

async function untilHealthy(small: SmallWorld): Promise<void> {
  await small.world.run(HOUR, () => small.machines.every((each) => each.observe().isHealthy))
}

describe('a machine', () => {
  it('runs what its package brought, and nothing else', async () => {
    const small = smallWorld({})
    await untilHealthy(small)
    const { executed, running, hasPower } = only(small).observe()
    expect(hasPower).toBe(true)
    expect(running?.manifestDigest).toBe(small.old.digest)
    const agent = small.old.of.files.find(({ path }) => path === 'agent.mjs')
    expect(executed).toContain(digestOf(agent?.bytes ?? ''))
    expect(executed.size).toBeLessThanOrEqual(3)
    await small.world.close()
  })

  it('starts its agent again when somebody killed it, and its launcher, too', async () => {
    const small = smallWorld({})
    await untilHealthy(small)
    const machine = only(small)
    const before = machine.observe().running
    machine.killAgent()
    expect(machine.observe().running).toBeNull()
    await small.world.run(HOUR, () => machine.observe().isHealthy)
    expect(machine.observe().running?.pid).toBeGreaterThan(before?.pid ?? 0)
    machine.killLauncher()
    await small.world.run(small.world.now + 100)
    // The end of its control line told it.
    expect(machine.observe().running).toBeNull()
    await small.world.run(HOUR, () => machine.observe().isHealthy)
    expect(machine.observe().isHealthy).toBe(true)
    await small.world.close()
  })

  it('is silent while it is off, and goes on where it was', async () => {
    const small = smallWorld({})
    await untilHealthy(small)
    const machine = only(small)
    machine.powerOff()
    await small.world.run(small.world.now + 10_000)
    expect(machine.observe()).toMatchObject({ hasPower: false, running: null, status: null })
    const said = small.server.checkIns.length
    await small.world.run(small.world.now + HOUR)
    expect(small.server.checkIns.length).toBe(said)
    machine.powerOn()
    await small.world.run(small.world.now + MINUTE, () => machine.observe().isHealthy)
    expect(machine.observe().isHealthy).toBe(true)
    const endpoints = new Set(small.server.checkIns.map(({ endpointId }) => endpointId))
    expect(endpoints.size).toBe(1)
    await small.world.close()
  })

  it('upgrades with a clock that is wrong, and jumps in the middle', async () => {
    const small = smallWorld({})
    await untilHealthy(small)
    const machine = only(small)
    machine.wrongByMs = -10 * 365 * 24 * HOUR
    small.server.order(small.next)
    const isTried = () => machine.observe().slots.probation !== null
    await small.world.run(HOUR, isTried)
    expect(isTried()).toBe(true)
    machine.wrongByMs = 24 * HOUR
    await small.world.run(HOUR, () => small.server.ends.size > 0)
    expect([...small.server.ends.values()]).toEqual([{ phase: 'succeeded', reason: null }])
    await small.world.close()
  })

  it('goes on with what it has when its disk is full, and upgrades when it no longer is', async () => {
    const small = smallWorld({})
    await untilHealthy(small)
    const { tree } = only(small).drive
    const { capacity } = tree
    tree.capacity -= tree.free
    small.server.order(small.next)
    await small.world.run(small.world.now + 10 * MINUTE)
    expect(only(small).observe().slots.active?.version).toBe('1.0.0.0')
    expect(only(small).observe().isHealthy).toBe(true)
    tree.capacity = capacity
    small.server.order(small.next)
    await small.world.run(small.world.now + 10 * MINUTE)
    expect(only(small).observe().slots.active?.version).toBe('1.1.0.0')
    await small.world.close()
  })

  it('keeps its agent running while its disk fails now and then', async () => {
    const small = smallWorld({})
    await untilHealthy(small)
    const machine = only(small)
    const before = machine.observe().running
    machine.drive.errorShare = 0.2
    await small.world.run(small.world.now + HOUR)
    expect(small.world.faults.get('disk-error')).toBeGreaterThan(5)
    expect(machine.observe().running).toBe(before)
    await small.world.close()
  })

  it('waits while it can reach nobody', async () => {
    const small = smallWorld({})
    await untilHealthy(small)
    const machine = only(small)
    small.world.network.setApart(machine.name, true)
    small.server.order(small.next)
    await small.world.run(small.world.now + 20 * MINUTE)
    expect(machine.observe().slots.active?.version).toBe('1.0.0.0')
    expect(small.world.faults.get('partition')).toBeGreaterThan(1)
    small.world.network.setApart(machine.name, false)
    await small.world.run(small.world.now + 20 * MINUTE)
    expect(machine.observe().slots.active?.version).toBe('1.1.0.0')
    await small.world.close()
  })

  it('has the identity of the one that it is a copy of', async () => {
    const small = smallWorld({})
    await untilHealthy(small)
    const copy = small.world.addMachine('copy')
    copy.becomeCopyOf(only(small))
    copy.powerOn()
    await small.world.run(small.world.now + 10 * MINUTE)
    const { checkIns } = small.server
    expect(new Set(checkIns.map(({ endpointId }) => endpointId)).size).toBe(1)
    expect(new Set(checkIns.map(({ request }) => request.run_id)).size).toBe(2)
    await small.world.close()
  })

  it('takes a newer package over the old one', async () => {
    const small = smallWorld({})
    await untilHealthy(small)
    const machine = only(small)
    machine.install(small.server.packageOf(small.server.publish(makeVersion('2.0.0.0', 'bare'))))
    machine.killLauncher()
    await small.world.run(small.world.now + MINUTE)
    expect(machine.observe().slots.active?.version).toBe('2.0.0.0')
    expect(machine.observe().isHealthy).toBe(true)
    await small.world.close()
  })
})

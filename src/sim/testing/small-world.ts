/** A world of a few machines with one release installed, and another that can be ordered. */
import { makeVersion, type VersionKind } from '../bad-versions.ts'
import type { Machine } from '../machine/machine.ts'
import type { SimRelease } from '../release.ts'
import { World } from '../world.ts'
import { FakeServer } from './fake-server.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

export type SmallWorld = {
  readonly world: World
  readonly server: FakeServer
  readonly machines: readonly Machine[]
  readonly old: SimRelease
  readonly next: SimRelease
}

/** All machines are on, the other release is published and not yet ordered. */
export function smallWorld(order: {
  readonly seed?: string
  readonly machines?: number
  readonly kind?: VersionKind
}): SmallWorld {
  const world = new World({ seed: order.seed ?? '1', start: Date.UTC(2026, 0, 1) })
  const server = new FakeServer(world.chance.stream('server'))
  world.serve = server.serve
  const old = server.publish(makeVersion('1.0.0.0'))
  const next = server.publish(makeVersion('1.1.0.0', order.kind))
  const machines = Array.from({ length: order.machines ?? 1 }, (_, at) => {
    const machine = world.addMachine(`machine-${at + 1}`)
    machine.install(server.packageOf(old))
    machine.powerOn()
    return machine
  })
  return { world, server, machines, old, next }
}

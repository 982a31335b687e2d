/** Faults, as often as the options say, until they are told to end. */
import type { Chance } from '../chance.ts'
import type { Machine } from '../machine/machine.ts'
import { FAIR_WEATHER } from '../network/network.ts'
import type { World } from '../world.ts'
import type { FaultRates, FleetOptions } from './options.ts'
import { HOUR_MS, MINUTE_MS } from './options.ts'
import type { SimServer } from './sim-server.ts'

export type Troubled = {
  readonly world: World
  readonly servers: readonly SimServer[]
  readonly options: FleetOptions
}

type Fault = (fleet: Troubled, chance: Chance) => void

export class Trouble {
  readonly #fleet: Troubled
  readonly #chance: Chance
  #hasEnded = false

  constructor(fleet: Troubled) {
    this.#fleet = fleet
    this.#chance = fleet.world.chance.stream('trouble')
  }

  begin(): void {
    const { world, options } = this.#fleet
    world.network.weather = options.weather
    for (const [name, rate] of Object.entries(options.faults)) {
      if (rate > 0) this.#plan(name as keyof FaultRates, rate) // Its keys.
    }
    if (options.lossAfterMs !== null) this.#planLoss(options.lossAfterMs)
  }

  /** The calm: everything that was taken is given back, and nothing else goes wrong. */
  end(): void {
    this.#hasEnded = true
    const { world, servers } = this.#fleet
    world.network.weather = FAIR_WEATHER
    for (const machine of world.machines) {
      world.network.setApart(machine.name, false)
      machine.drive.errorShare = 0
      machine.drive.cut = null
      machine.drive.tree.capacity = ROOMY_BYTES
      machine.wrongByMs = 0
      machine.powerOn()
    }
    for (const server of servers) {
      server.wrongByMs = 0
      server.start()
    }
  }

  #planLoss(inMs: number): void {
    const { world } = this.#fleet
    world.after(inMs, () => {
      if (this.#hasEnded) return
      const busy = world.machines.filter(isInTheMiddle)
      if (busy.length === 0) return this.#planLoss(LOOK_EVERY_MS)
      const machine = this.#chance.pick(busy)
      machine.isLost = true
      machine.cutPower()
      world.countFault('lost-for-good')
    })
  }

  #plan(name: keyof FaultRates, perHour: number): void {
    const { world } = this.#fleet
    const gap = -Math.log(1 - this.#chance.fraction()) * (HOUR_MS / perHour)
    world.after(gap, () => {
      if (this.#hasEnded) return
      FAULTS[name](this.#fleet, this.#chance)
      this.#plan(name, perHour)
    })
  }
}

const LOOK_EVERY_MS = 5_000

function isInTheMiddle(machine: Machine): boolean {
  const { attempt, hasPower } = machine.observe()
  return hasPower && attempt !== null && attempt.ended === null
}

const ROOMY_BYTES = 200 * 1024 * 1024

function hit(fleet: Troubled, chance: Chance, name: string, on: (machine: Machine) => void): void {
  const machine = chance.pick(fleet.world.machines)
  if (!machine.hasPower) return
  fleet.world.countFault(name)
  on(machine)
}

/** Undone after a while, unless the calm did it before. */
function later(fleet: Troubled, chance: Chance, longest: number, undo: () => void): void {
  fleet.world.after(chance.whole(MINUTE_MS, longest), undo)
}

const FAULTS: Readonly<Record<keyof FaultRates, Fault>> = {
  powerCuts: (fleet, chance) =>
    hit(fleet, chance, 'power-cut', (machine) => {
      machine.cutPower()
      later(fleet, chance, HOUR_MS, () => machine.powerOn())
    }),
  cutsInTheMiddle: (fleet, chance) =>
    hit(fleet, chance, 'power-cut-in-the-middle', ({ drive }) => {
      const when = chance.happens(0.5) ? 'before' : 'after'
      drive.cut = { atChange: drive.changes + chance.whole(1, 30), when }
    }),
  agentKills: (fleet, chance) => hit(fleet, chance, 'agent-killed', (each) => each.killAgent()),
  launcherKills: (fleet, chance) =>
    hit(fleet, chance, 'launcher-killed', (each) => each.killLauncher()),
  shutdowns: (fleet, chance) =>
    hit(fleet, chance, 'shut-down', (machine) => {
      machine.powerOff()
      later(fleet, chance, 2 * HOUR_MS, () => machine.powerOn())
    }),
  partitions: (fleet, chance) =>
    hit(fleet, chance, 'partitioned', ({ name }) => {
      fleet.world.network.setApart(name, true)
      later(fleet, chance, HOUR_MS, () => fleet.world.network.setApart(name, false))
    }),
  fullDisks: (fleet, chance) =>
    hit(fleet, chance, 'disk-full', ({ drive }) => {
      const before = drive.tree.capacity
      drive.tree.capacity = chance.whole(0, 2_000_000)
      later(fleet, chance, HOUR_MS, () => {
        drive.tree.capacity = Math.max(before, drive.tree.capacity)
      })
    }),
  diskErrors: (fleet, chance) =>
    hit(fleet, chance, 'disk-failing', ({ drive }) => {
      drive.errorShare = 0.02
      later(fleet, chance, HOUR_MS, () => {
        drive.errorShare = 0
      })
    }),
  wrongClocks: (fleet, chance) =>
    hit(fleet, chance, 'wrong-clock', (machine) => {
      machine.wrongByMs = chance.whole(-30, 30) * 24 * HOUR_MS
    }),
  clones: (fleet, chance) => {
    const there = fleet.world.machines.filter(({ isLost }) => !isLost)
    const other = chance.pick(there)
    const from = chance.pick(there.filter((each) => each !== other))
    fleet.world.countFault('cloned')
    for (const machine of [from, other]) machine.cutPower()
    other.becomeCopyOf(from)
    later(fleet, chance, 10 * MINUTE_MS, () => {
      other.powerOn()
      from.powerOn()
    })
  },
  serverKills: (fleet, chance) => {
    const server = chance.pick(fleet.servers)
    fleet.world.countFault('server-killed')
    server.kill()
    later(fleet, chance, 20 * MINUTE_MS, () => server.start())
  },
  serverKillsInTheMiddle: (fleet, chance) => {
    const server = chance.pick(fleet.servers)
    if (server.isUp) server.dieBefore(chance.whole(1, 40))
    later(fleet, chance, 20 * MINUTE_MS, () => server.start())
  },
  serverClocks: (fleet, chance) => {
    const server = chance.pick(fleet.servers)
    fleet.world.countFault('server-clock-wrong')
    server.wrongByMs = chance.whole(-4, 4) * MINUTE_MS
  },
}

/**
 * A simulated world: machines with real launchers and agents, a network, and one time for all,
 * moved on from event to event. Its parties: whoever serves (`serve`), whoever plans faults
 * (`after`), and whoever watches (`onStep`, called after every event, with nothing under way).
 *
 * Guaranteed: the same seed, and the same calls from outside, give the same transcript. One world
 * at a time in a process: the disk of launcher and agent is the world's. As many machines as one
 * likes; it is made for Linux, whose rules the simulated disks have.
 */
import { useDisk } from '../agent/machine/files.ts'
import type { Clock, Instant } from '../base/clock.ts'
import { invariant } from '../base/invariant.ts'
import { type Log, silentLog } from '../base/log.ts'
import { Chance } from './chance.ts'
import { Mounts } from './disk/mounts.ts'
import { Machine } from './machine/machine.ts'
import { Network, type Serve } from './network/network.ts'
import { Quiet } from './quiet.ts'
import { ProcessClock, type Scheduled, Timeline } from './virtual-clock.ts'

export type WorldOrder = {
  readonly seed: string
  readonly start: Instant
  /** Of launchers and agents. */
  readonly log?: Log
}

/** Far more than all machines have to do at one moment. */
const STILL_STEPS_MAX = 20_000

export class World {
  readonly chance: Chance
  /** What is real and takes time says so here, or the world moves on before it has ended. */
  readonly quiet = new Quiet()
  readonly network: Network
  readonly machines: Machine[] = []
  readonly transcript: string[] = []
  /** How often each fault came to pass. */
  readonly faults = new Map<string, number>()
  steps = 0
  serve: Serve = async () => {
    throw new Error('nobody listens')
  }
  onStep: () => void | Promise<void> = () => {}
  #still = 0
  #lastStep = -1
  readonly #timeline: Timeline
  readonly #mounts: Mounts
  readonly #log: Log

  constructor(order: WorldOrder) {
    this.chance = new Chance(order.seed)
    this.#timeline = new Timeline(order.start)
    this.#mounts = new Mounts(this.quiet)
    this.#log = order.log ?? silentLog
    this.network = new Network({
      timeline: this.#timeline,
      serve: (request) => this.serve(request),
      onFault: (name) => this.countFault(name),
    })
    useDisk(this.#mounts)
  }

  get now(): number {
    return this.#timeline.now
  }

  /** Of a server, say; `wrongBy` may change at any time. */
  newClock(wrongBy?: () => number): Clock & { stop(): void } {
    return new ProcessClock(this.#timeline, wrongBy)
  }

  addMachine(name: string, timeZone?: string): Machine {
    const needs = {
      timeline: this.#timeline,
      mounts: this.#mounts,
      network: this.network,
      chance: this.chance.stream(name),
      log: this.#log,
      note: (what: string) => this.note(name, what),
      onFault: (fault: string) => this.countFault(fault),
    }
    const machine = new Machine(name, needs, timeZone)
    this.machines.push(machine)
    return machine
  }

  after(ms: number, act: () => void): Scheduled {
    return this.#timeline.after(ms, act)
  }

  note(who: string, what: string): void {
    this.transcript.push(`t=${timeOf(this.now)} ${who} ${what}`)
  }

  countFault(name: string): void {
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1)
  }

  /** Until that many milliseconds after the beginning, or until `isEnough`. */
  async run(until: number, isEnough: () => boolean = () => false): Promise<void> {
    await this.quiet.settle()
    while (!isEnough() && this.#timeline.step(until)) {
      await this.quiet.settle()
      this.steps += 1
      this.#checkTimeMoves()
      for (const machine of this.machines) machine.look()
      const watched = this.onStep()
      if (watched !== undefined) await watched
    }
  }

  /** Somebody who does the same again and again, without a pause, would keep a machine busy. */
  #checkTimeMoves(): void {
    this.#still = this.#lastStep === this.now ? this.#still + 1 : 0
    this.#lastStep = this.now
    invariant(this.#still < STILL_STEPS_MAX, 'somebody does not pause, and time stands still')
  }

  /** Nothing runs any more. */
  async close(): Promise<void> {
    for (const machine of this.machines) machine.cutPower()
    await this.quiet.settle()
  }
}

function timeOf(ms: number): string {
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0')
  const hours = two(ms / 3_600_000)
  const seconds = ((ms / 1000) % 60).toFixed(3).padStart(6, '0')
  return `${hours}:${two((ms / 60_000) % 60)}:${seconds}`
}

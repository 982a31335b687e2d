/** What the processes of a machine know of it. */
import type { Status } from '../../agent/status.ts'
import type { Log } from '../../base/log.ts'
import type { Chance } from '../chance.ts'
import type { Drive } from '../disk/drive.ts'
import type { Mounts } from '../disk/mounts.ts'
import type { Network } from '../network/network.ts'
import type { ProcessClock, Timeline } from '../virtual-clock.ts'

export type MachineNeeds = {
  readonly timeline: Timeline
  readonly mounts: Mounts
  readonly network: Network
  readonly chance: Chance
  readonly log: Log
  /** A line for the transcript. */
  note(what: string): void
  /** A fault came to pass. */
  onFault(name: string): void
}

/** One life of an agent. */
export type AgentLife = {
  readonly manifestDigest: string
  readonly pid: number
  status: (() => Status) | null
}

export type Surroundings = {
  readonly name: string
  readonly timeZone: string
  /** Some bad versions fail on these only. */
  readonly isUnlucky: boolean
  readonly drive: Drive
  readonly needs: MachineNeeds
  newClock(): ProcessClock
  newChance(): Chance
  /** A program is about to run. */
  noteExecution(bytes: Uint8Array): void
  /** How often this version was started here, this time included. */
  countStart(manifestDigest: string): number
}

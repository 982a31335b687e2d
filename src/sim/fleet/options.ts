/**
 * What a seed brings: each kind of trouble may be off entirely, so that runs differ in what they
 * look for. Drawn once, before anything happens, so that a replay has the same.
 */
import { VERSION_KINDS, type VersionKind } from '../bad-versions.ts'
import type { Chance } from '../chance.ts'
import type { Weather } from '../network/network.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS

/** Faults an hour, of the whole fleet; zero: that kind is off. */
export type FaultRates = {
  readonly powerCuts: number
  readonly cutsInTheMiddle: number
  readonly agentKills: number
  readonly launcherKills: number
  readonly shutdowns: number
  readonly partitions: number
  readonly fullDisks: number
  readonly diskErrors: number
  readonly wrongClocks: number
  readonly clones: number
  readonly serverKills: number
  readonly serverKillsInTheMiddle: number
  readonly serverClocks: number
}

export type FleetOptions = {
  readonly machines: number
  readonly servers: number
  /** A machine is lost for good in the middle of an upgrade, if there is one after that long. */
  readonly lossAfterMs: number | null
  readonly checkInIntervalS: number
  readonly probationS: number
  /** Berths of the instance. */
  readonly parallelUpgradesMax: number
  readonly troubleMs: number
  /** By then everything must have ended. */
  readonly calmMs: number
  readonly weather: Weather
  readonly faults: FaultRates
  /** Acts of operators an hour. */
  readonly acts: number
  /** Versions that can be ordered, beside the one that is installed. */
  readonly kinds: readonly VersionKind[]
}

const KINDS = Object.keys(VERSION_KINDS) as VersionKind[]

/** `kind`: of the version that may be bad, in place of what chance would say. */
export function drawOptions(chance: Chance, kind?: VersionKind): FleetOptions {
  const sometimes = (most: number, share = 0.4) =>
    chance.happens(share) ? chance.fraction() * most : 0
  return {
    machines: chance.whole(3, 6),
    servers: chance.happens(0.5) ? 2 : 1,
    lossAfterMs: chance.happens(0.4) ? chance.whole(5, 60) * MINUTE_MS : null,
    checkInIntervalS: 600,
    probationS: 120,
    parallelUpgradesMax: chance.pick([1, 2, 3, 10]),
    troubleMs: chance.whole(60, 90) * MINUTE_MS,
    calmMs: 12 * HOUR_MS,
    weather: {
      delayMs: chance.pick([
        [5, 80],
        [50, 4_000],
      ]),
      lostRequests: sometimes(0.1),
      lostReplies: sometimes(0.1),
      duplicates: sometimes(0.1),
      duplicateDelayMsMax: 120_000,
      cuts: sometimes(0.1),
      damages: sometimes(0.05),
    },
    faults: {
      powerCuts: sometimes(4),
      cutsInTheMiddle: sometimes(6),
      agentKills: sometimes(6),
      launcherKills: sometimes(6),
      shutdowns: sometimes(2),
      partitions: sometimes(4),
      fullDisks: sometimes(2),
      diskErrors: sometimes(2),
      wrongClocks: sometimes(2),
      clones: sometimes(1, 0.2),
      serverKills: sometimes(4),
      serverKillsInTheMiddle: sometimes(12),
      serverClocks: sometimes(2, 0.2),
    },
    acts: 5 + sometimes(16, 0.7),
    kinds: ['good', kind ?? chance.pick(KINDS), 'good'],
  }
}

/**
 * The gate before the doors that cost something: check-ins and enrolments. It remembers who was
 * given an appointment, in this server's memory: another server, and this one after a restart,
 * gives its own.
 */
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { ROLLOUT_DEFAULTS } from '../../domain/configuration/rollout-defaults.ts'
import {
  type Appointment,
  decideAdmitAgent,
  fullGate,
  type Knock,
} from '../../domain/endpoint/admit-agent.ts'
import type { LiveConfiguration } from '../configuration.ts'
import type { AgentAnswer } from '../http/agent-route.ts'
import { refusal } from './refusal.ts'

/** A fleet of 100,000, twice; 31 MB. */
export const APPOINTMENTS_MAX = 200_000
/** Whoever comes so long after its time is as good as new. */
const REMEMBERED_MS = 600_000
const OBEYED_EVERY_MS = 1_000

/** What an enrolment writes is measured in milliseconds, a check-in in a tenth of one. */
const COSTS = { 'check-in': 1, enrol: 20 } as const
export type GatedDoor = keyof typeof COSTS

export type GateNeeds = {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly random: Pick<Random, 'fraction'>
  readonly configuration: Pick<LiveConfiguration, 'current'>
  /** Somebody was not let in. */
  readonly onDeferred: (door: GatedDoor) => void
}

export type Visitor = Pick<Knock, 'isUpgrading'> & {
  readonly door: GatedDoor
  /** By which it is known again when it comes back. */
  readonly name: string
}

export type AgentGate = {
  /** Null: come in; else the answer. Nothing is waited for. */
  knock(visitor: Visitor): AgentAnswer | null
}

export function createGate(needs: GateNeeds): AgentGate {
  const { clock, random, onDeferred } = needs
  /** In the order in which they were given, which is that of their times. */
  const appointments = new Map<string, Appointment>()
  const rate = createRate(needs)
  let gate = fullGate(ROLLOUT_DEFAULTS.checkInsPerS, clock.monotonic())
  return {
    knock({ door, name, isUpgrading }) {
      const now = clock.monotonic()
      const appointment = appointments.get(name) ?? null
      const isBookFull = appointment === null && appointments.size >= APPOINTMENTS_MAX
      const chance = random.fraction()
      const knock = { appointment, isUpgrading, cost: COSTS[door], isBookFull, chance }
      const decided = decideAdmitAgent(gate, knock, rate(), now)
      gate = decided.gate
      if (decided.appointment !== appointment) {
        appointments.delete(name)
        forgetMissed(appointments, now)
        if (decided.appointment !== null) appointments.set(name, decided.appointment)
      }
      if (decided.retryAfterS === null) return null
      onDeferred(door)
      return busy(decided.retryAfterS)
    },
  }
}

/**
 * The rate as it was set, or as it was known last: nobody waits for the database to be told that
 * the database has too much to do.
 */
function createRate({ clock, configuration }: GateNeeds): () => number {
  let perS = ROLLOUT_DEFAULTS.checkInsPerS
  let askedAt = Number.NEGATIVE_INFINITY
  const ask = async () => {
    try {
      perS = (await configuration.current()).rollout.checkInsPerS
    } catch {
      // Best effort: whoever comes in meets the same fault, and says so; the rate stays as it was.
    }
  }
  return () => {
    const now = clock.monotonic()
    if (now - askedAt >= OBEYED_EVERY_MS) {
      askedAt = now
      void ask()
    }
    return perS
  }
}

function forgetMissed(appointments: Map<string, Appointment>, now: number): void {
  for (const [name, { keptUntil }] of appointments) {
    if (now - keptUntil < REMEMBERED_MS) return
    appointments.delete(name)
  }
}

function busy(retryAfterS: number): AgentAnswer {
  const message = `more agents ask than are let in at once: come again in ${retryAfterS} seconds`
  const answer = refusal(503, 'busy', message)
  return { ...answer, headers: { 'retry-after': String(retryAfterS) } }
}

/**
 * Who may come in when more agents knock than a server answers, as after an outage: so many a
 * second, and everybody else gets an appointment. Appointments lie one behind the other, so that
 * those who keep theirs are let in; nobody who comes by chance gets in before them. So a fleet
 * comes back at an even rate, each of its members after one refusal.
 *
 * Let in, a knock takes tokens: of a bucket that fills at the rate and holds two seconds of it.
 * Half of the bucket is for those who keep an appointment; as the appointments take four fifths of
 * the rate, what they find there is enough, if all are on time (the test tries it). What is beyond
 * the half is for agents in the middle of an upgrade, for those who are late, and where nobody
 * waits for everybody. Times are of a monotonic clock: this is about one server's life.
 */

export type Gate = {
  readonly tokens: number
  /** When it held so many. */
  readonly at: number
  /** The end of the last appointment. */
  readonly takenUntil: number
}

export type Appointment = {
  readonly at: number
  /** Whoever comes after this is late. */
  readonly keptUntil: number
}

export type Knock = {
  readonly appointment: Appointment | null
  /** In the middle of an upgrade: a rollout must not stand still because a fleet comes back. */
  readonly isUpgrading: boolean
  /** In check-ins. */
  readonly cost: number
  /** There is no room to remember one more appointment. */
  readonly isBookFull: boolean
  /** In [0, 1). */
  readonly chance: number
}

export type Admitted = {
  readonly gate: Gate
  /** Null: come in. */
  readonly retryAfterS: number | null
  /** What to remember of who knocked; null: nothing. */
  readonly appointment: Appointment | null
}

/** Seconds of the rate that the bucket holds. */
export const BURST_S = 2
const APPOINTED_SHARE = 0.8
/** What nobody waits longer for; whoever would is told to try again in the half before it. */
export const WAIT_S_MAX = 3_600
/** Agents add a tenth of what they are told, and their clocks are coarse. */
const LATE_SHARE = 0.15
const LATE_MS = 2_000
/** Something costly still fits into the bucket, and between appointments. */
const COST_S_MAX = 0.1

export function fullGate(perS: number, now: number): Gate {
  return { tokens: BURST_S * perS, at: now, takenUntil: now }
}

export function decideAdmitAgent(gate: Gate, knock: Knock, perS: number, now: number): Admitted {
  const tokens = Math.min(BURST_S * perS, gate.tokens + ((now - gate.at) / 1000) * perS)
  const filled = { ...gate, tokens, at: now }
  const cost = Math.min(knock.cost, COST_S_MAX * perS)
  if (tokens - cost >= keptBack(filled, knock, perS)) {
    return { gate: { ...filled, tokens: tokens - cost }, retryAfterS: null, appointment: null }
  }
  const { appointment } = knock
  if (appointment !== null && now < appointment.at) {
    return { gate: filled, retryAfterS: secondsUntil(appointment.at, now), appointment }
  }
  const at = Math.max(gate.takenUntil, now) + (cost / (perS * APPOINTED_SHARE)) * 1000
  const retryAfterS = secondsUntil(at, now)
  if (knock.isBookFull || retryAfterS > WAIT_S_MAX) {
    const half = WAIT_S_MAX / 2
    return { gate: filled, retryAfterS: Math.ceil(half + half * knock.chance), appointment: null }
  }
  const waitMs = retryAfterS * 1000
  const keptUntil = now + waitMs * (1 + LATE_SHARE) + LATE_MS
  return { gate: { ...filled, takenUntil: at }, retryAfterS, appointment: { at, keptUntil } }
}

/** What must be left in the bucket after this one. */
function keptBack({ at: now, takenUntil }: Gate, knock: Knock, perS: number): number {
  const half = (BURST_S * perS) / 2
  const { appointment } = knock
  if (appointment !== null && appointment.at <= now && now <= appointment.keptUntil) return 0
  const isLate = appointment !== null && now > appointment.keptUntil
  if (knock.isUpgrading || isLate || takenUntil <= now) return half
  // Others wait: only what nobody fetches is left for who comes by chance.
  return 1.5 * half
}

function secondsUntil(at: number, now: number): number {
  return Math.max(1, Math.ceil((at - now) / 1000))
}

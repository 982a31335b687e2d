/**
 * What the launcher does next, given what it wrote down and what is true now. Pure and total, and
 * asked again after every event and every crash: there is no other place where the launcher
 * decides. Level-triggered: a switch or a roll-back is a new `slots.json`, and a running version
 * that is not the active one is then simply the wrong one and is stopped.
 *
 * Time here is monotonic milliseconds, so that a clock that jumps changes nothing.
 */
import { compareVersions, isAgentVersion } from '../../base/version.ts'
import type { Slot } from './control.ts'
import type { Slots } from './slots.ts'

/** A version on probation starts in a tenth of a second or is broken: it is left soon. */
export const HELLO_ON_PROBATION_MS = 5_000
/**
 * A version that has proved itself is given the time that a machine needs which is booting or
 * swapping.
 */
export const HELLO_WITHIN_MS = 30_000
/**
 * The agent says `alive` every 10 s; six in a row are missed by a hung process, not by a busy
 * machine.
 */
export const ALIVE_WITHIN_MS = 60_000
/** One crash may be chance; three are the version's. */
export const PROBATION_EXITS_MAX = 3
/**
 * With restarts of the launcher and power cuts counted, so that they cannot make probation endless.
 */
export const PROBATION_STARTS_MAX = 6
/**
 * A package is brought by a person, perhaps to a machine without a network yet: no hurry to go
 * back.
 */
export const SEED_PROBATION_S = 24 * 3600

export type Child = {
  readonly manifestDigest: string
  readonly startedAt: number
  readonly saidHello: boolean
  readonly lastHeardAt: number
  /** Its control line is broken: too long a line, or closed. */
  readonly broken: boolean
}

export type Facts = {
  readonly now: number
  /** The verified version that the package brought, if it has not been found unusable. */
  readonly seed: Slot | null
  /** In a pod of a cluster: another image is another version to run. */
  readonly followsImage: boolean
  /** Manifest digests whose directory was found damaged, or signed by nobody trusted. */
  readonly damaged: readonly string[]
  readonly child: Child | null
  /** No start before this time: the back-off. */
  readonly startNotBefore: number
  /** When this launcher began to watch the present probation. */
  readonly probationSince: number
  readonly verdict: null | 'healthy' | { readonly reason: string; readonly message: string }
  readonly stopping: boolean
}

/** `follow`: in a pod, whose image says what runs. */
export type SeedUse = 'first' | 'switch' | 'follow' | 'note'

export type Move =
  | { readonly kind: 'exit' }
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'adopt-seed'; readonly seed: Slot; readonly how: SeedUse }
  | { readonly kind: 'replace-damaged'; readonly to: Slot; readonly from: 'backup' | 'seed' }
  | { readonly kind: 'stop-child'; readonly why: string }
  | { readonly kind: 'start'; readonly slot: Slot }
  | { readonly kind: 'commit' }
  | { readonly kind: 'roll-back'; readonly reason: string; readonly message: string }

const FOREVER = Number.POSITIVE_INFINITY

export function nextMove(slots: Slots, facts: Facts): Move {
  if (facts.stopping) {
    return facts.child === null ? { kind: 'exit' } : { kind: 'stop-child', why: 'stopping' }
  }
  return (
    moveOfSeed(slots, facts) ??
    moveOfProbation(slots, facts) ??
    moveOfDamage(slots, facts) ??
    moveOfChild(slots, facts)
  )
}

/** A seed is dealt with once, and never in the middle of a probation. */
function moveOfSeed(slots: Slots, facts: Facts): Move | null {
  const { seed } = facts
  if (seed === null) return null
  if (slots.active === null) return whenTime(facts, { kind: 'adopt-seed', seed, how: 'first' })
  if (slots.seed === seed.manifest_digest) return null
  if (facts.followsImage) return moveOfImage(slots.active, seed, facts.child)
  if (slots.probation !== null) return null
  const isBad = slots.skip.some((each) => each.manifest_digest === seed.manifest_digest)
  const how = isNewer(seed, slots.active) && !isBad ? 'switch' : 'note'
  // The seed is taken into the store only while no agent works there.
  if (how === 'switch' && facts.child !== null) {
    return { kind: 'stop-child', why: 'the package brought a newer version' }
  }
  return { kind: 'adopt-seed', seed, how }
}

/** Also in the middle of a probation: who takes an image back takes its version back. */
function moveOfImage(active: Slot, seed: Slot, child: Child | null): Move {
  if (active.manifest_digest === seed.manifest_digest) {
    return { kind: 'adopt-seed', seed, how: 'note' }
  }
  if (child !== null) return { kind: 'stop-child', why: 'the image brought another version' }
  return { kind: 'adopt-seed', seed, how: 'follow' }
}

/** After a seed that could not be taken (a full disk), not again at once. */
function whenTime(facts: Facts, move: Move): Move {
  const { now, startNotBefore } = facts
  return now < startNotBefore ? { kind: 'wait', until: startNotBefore } : move
}

function moveOfProbation(slots: Slots, facts: Facts): Move | null {
  const { active, backup, probation } = slots
  if (active === null || probation === null) return null
  if (backup === null) return { kind: 'commit' }
  const back = (reason: string, message: string): Move => ({ kind: 'roll-back', reason, message })
  const isRunning = facts.child?.manifestDigest === active.manifest_digest
  if (isRunning && facts.verdict === 'healthy') return { kind: 'commit' }
  if (isRunning && facts.verdict !== null && facts.verdict !== 'healthy') {
    return back(facts.verdict.reason, facts.verdict.message)
  }
  if (facts.damaged.includes(active.manifest_digest)) {
    return back('damaged', 'its files are not what was signed')
  }
  if (isRunning && isSilent(facts.child, facts.now, HELLO_ON_PROBATION_MS)) {
    return back(
      'silent',
      `it did not report to its launcher within ${HELLO_ON_PROBATION_MS / 1000} s`,
    )
  }
  if (probation.exits >= PROBATION_EXITS_MAX) {
    const times = `${probation.exits} times`
    return probation.said_hello
      ? back('exited', `it started and ended ${times}`)
      : back('does-not-start', `it ended ${times} before it was up`)
  }
  if (!isRunning && probation.starts >= PROBATION_STARTS_MAX) {
    return back('exited', `it was started ${probation.starts} times and never became healthy`)
  }
  if (facts.now >= facts.probationSince + probation.probation_s * 1000) {
    return back(
      'never-checked-in',
      `it did not check in healthy within ${probation.probation_s} s of the switch`,
    )
  }
  return null
}

function moveOfDamage(slots: Slots, facts: Facts): Move | null {
  const { active, backup } = slots
  const isDamaged = (slot: Slot) => facts.damaged.includes(slot.manifest_digest)
  if (active === null || !isDamaged(active)) return null
  if (backup !== null && !isDamaged(backup)) {
    return { kind: 'replace-damaged', to: backup, from: 'backup' }
  }
  // Taking the seed builds its directory anew, so it mends a damaged copy of itself too.
  const { seed } = facts
  if (seed !== null) return whenTime(facts, { kind: 'replace-damaged', to: seed, from: 'seed' })
  // Nothing here may run. It stays so until a package brings a good seed and starts the launcher
  // again.
  return facts.child === null
    ? { kind: 'wait', until: FOREVER }
    : { kind: 'stop-child', why: 'its files are not what was signed' }
}

function moveOfChild(slots: Slots, facts: Facts): Move {
  const { active } = slots
  const { child, now } = facts
  if (child === null) {
    if (active === null) return { kind: 'wait', until: FOREVER }
    if (now < facts.startNotBefore) return { kind: 'wait', until: facts.startNotBefore }
    return { kind: 'start', slot: active }
  }
  if (child.manifestDigest !== active?.manifest_digest) {
    return { kind: 'stop-child', why: 'another version is active' }
  }
  const helloWithin = slots.probation === null ? HELLO_WITHIN_MS : HELLO_ON_PROBATION_MS
  if (child.broken) return { kind: 'stop-child', why: 'its control line is broken' }
  if (isSilent(child, now, helloWithin) || now >= child.lastHeardAt + ALIVE_WITHIN_MS) {
    return { kind: 'stop-child', why: 'it is silent' }
  }
  const deadline = child.saidHello
    ? child.lastHeardAt + ALIVE_WITHIN_MS
    : child.startedAt + helloWithin
  const probationEnd =
    slots.probation === null ? FOREVER : facts.probationSince + slots.probation.probation_s * 1000
  return { kind: 'wait', until: Math.min(deadline, probationEnd) }
}

function isSilent(child: Child | null, now: number, withinMs: number): boolean {
  return child !== null && !child.saidHello && now >= child.startedAt + withinMs
}

function isNewer(seed: Slot, active: Slot): boolean {
  const [left, right] = [seed.version, active.version]
  return isAgentVersion(left) && isAgentVersion(right) && compareVersions(left, right) > 0
}

/**
 * What an agent does next about the image of its cluster. Pure and total, asked again after every
 * look at the DaemonSet: whatever was lost in between (a reply, a pod, a holder), what is true is
 * what the annotation and the image say. Every move is one patch that the API refuses if it was
 * decided on the past.
 */
import type { ClusterAttempt } from './attempt.ts'
import type { DaemonSet, DaemonSetChange } from './daemon-set.ts'

/** A holder says this often that it lives; its pod may be replaced, which takes a minute. */
export const BEAT_EVERY_MS = 30_000
/** By the clock of whoever watches: four beats that did not come. */
export const HOLDER_SILENCE_MS = 120_000
/** A registry that is busy for a moment, a first crash: they may pass by themselves. */
export const STUCK_FOR_MS = 120_000
/**
 * A new agent checks in within seconds; a server that is restarted is back by then. Shared by those
 * that are not ready: the more there are, the sooner it is left, before it is on every node.
 */
export const UNREADY_FOR_MS = 300_000
const UNREADY_FOR_MS_MIN = 60_000
/**
 * A pod that waited was ready; that its agent is not, now that it has begun, is known after three
 * probes, ten seconds apart (src/pack/kubernetes/pod.ts). So all must stay ready for longer.
 */
export const READY_FOR_MS = 45_000

/** What the server wants of this endpoint. */
export type Wanted = {
  readonly attempt_id: string
  readonly version: string
  readonly image: string
  readonly readyWithinMs: number
  /** Monotonic: the image is moved before this, or not by this offer. */
  readonly startBefore: number
}

export type Sight = {
  readonly daemonSet: DaemonSet
  /** The endpoint that this agent is. */
  readonly self: string
  readonly wanted: Wanted | null
  /** Wall clock, which others of the cluster roughly share; monotonic, which is ours alone. */
  readonly now: number
  readonly monotonic: number
  /** Monotonic: since when the annotation's beat is what it is, as far as we saw. */
  readonly beatSince: number
  /** Monotonic: when we last said that we live. */
  readonly beatenAt: number
  /** Monotonic: since when enough pods are ready, as far as we saw; null: they are not. */
  readonly readySince: number | null
  /** Pods of nodes that were lost since it began. */
  readonly lost: number
  /** The pod that is longest not ready, and how many are not; null: none was seen. */
  readonly unready: {
    readonly isStuck: boolean
    readonly what: string
    readonly since: number
    readonly count: number
  } | null
}

export type Move =
  | { readonly kind: 'wait' }
  /** The offer is over, and nothing was begun. */
  | { readonly kind: 'drop' }
  | {
      readonly kind: 'patch'
      readonly why: 'begin' | 'take-over' | 'beat' | 'ready' | 'go-back' | 'leave'
      readonly change: DaemonSetChange
    }
  /** It cannot be begun. */
  | { readonly kind: 'refuse'; readonly reason: string; readonly message: string }

const WAIT: Move = { kind: 'wait' }

export function nextMove(sight: Sight): Move {
  const { attempt } = sight.daemonSet
  if (attempt?.phase === 'rolling') {
    return attempt.holder === sight.self ? hold(attempt, sight) : watch(attempt, sight)
  }
  return begin(sight)
}

function begin({ daemonSet, self, wanted, now, monotonic }: Sight): Move {
  if (wanted === null || daemonSet.attempt?.attempt_id === wanted.attempt_id) return WAIT
  if (monotonic >= wanted.startBefore) return { kind: 'drop' }
  if (daemonSet.image === null) {
    const message = 'the DaemonSet has no container of the name that cluster.json says'
    return { kind: 'refuse', reason: 'image-changed-elsewhere', message }
  }
  const attempt: ClusterAttempt = {
    schema: 1,
    attempt_id: wanted.attempt_id,
    version: wanted.version,
    image: wanted.image,
    previous_image: daemonSet.image,
    ready_before: daemonSet.ready,
    deadline_at: now + wanted.readyWithinMs,
    phase: 'rolling',
    reason: null,
    message: null,
    holder: self,
    beat: 0,
  }
  const image = { from: daemonSet.image, to: wanted.image }
  return { kind: 'patch', why: 'begin', change: { attempt, image } }
}

/** Somebody else holds it, unless they are gone. */
function watch(attempt: ClusterAttempt, { self, monotonic, beatSince }: Sight): Move {
  if (monotonic - beatSince < HOLDER_SILENCE_MS) return WAIT
  const taken = { ...attempt, holder: self, beat: attempt.beat + 1 }
  return { kind: 'patch', why: 'take-over', change: { attempt: taken, image: null } }
}

function hold(attempt: ClusterAttempt, sight: Sight): Move {
  const { daemonSet, monotonic } = sight
  if (daemonSet.image !== attempt.image) {
    const message = `the image is ${daemonSet.image ?? 'gone'}, which nobody of us set`
    const reason = 'image-changed-elsewhere'
    const ended = { ...attempt, phase: 'failed', reason, message: message.slice(0, 1000) } as const
    return { kind: 'patch', why: 'leave', change: { attempt: ended, image: null } }
  }
  const { readySince } = sight
  if (readySince !== null) {
    if (monotonic - readySince < READY_FOR_MS) return beat(attempt, sight)
    const ended = { ...attempt, phase: 'succeeded' } as const
    return { kind: 'patch', why: 'ready', change: { attempt: ended, image: null } }
  }
  const why = whyBack(attempt, sight)
  if (why !== null) return goBack(attempt, why)
  return beat(attempt, sight)
}

function beat(attempt: ClusterAttempt, { monotonic, beatenAt }: Sight): Move {
  if (monotonic - beatenAt < BEAT_EVERY_MS) return WAIT
  const beaten = { ...attempt, beat: attempt.beat + 1 }
  return { kind: 'patch', why: 'beat', change: { attempt: beaten, image: null } }
}

/** As many as were ready before, without those whose nodes were lost; new nodes may take longer. */
export function areReady(attempt: ClusterAttempt, seen: DaemonSet, lost: number): boolean {
  const { isObserved, desired, updated, ready } = seen
  const aim = Math.max(1, Math.min(desired, attempt.ready_before) - lost)
  return isObserved && updated >= aim && ready >= aim
}

function whyBack(attempt: ClusterAttempt, sight: Sight): string | null {
  const { daemonSet, now, monotonic, unready } = sight
  if (unready !== null) {
    const shared = Math.max(UNREADY_FOR_MS_MIN, UNREADY_FOR_MS / unready.count)
    const patience = unready.isStuck ? Math.min(STUCK_FOR_MS, shared) : shared
    if (monotonic - unready.since >= patience) return unready.what
  }
  if (now < attempt.deadline_at) return null
  const { updated, ready, desired } = daemonSet
  return `in time ${updated} of ${desired} nodes had the new pod, and ${ready} were ready`
}

function goBack(attempt: ClusterAttempt, message: string): Move {
  const ended: ClusterAttempt = {
    ...attempt,
    phase: 'rolled-back',
    reason: 'rollout-not-ready',
    message: message.slice(0, 1000),
  }
  const image = { from: attempt.image, to: attempt.previous_image }
  return { kind: 'patch', why: 'go-back', change: { attempt: ended, image } }
}

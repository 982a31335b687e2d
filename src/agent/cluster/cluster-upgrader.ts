/**
 * Carries an upgrade of the whole cluster from the server's offer to its end, or goes on with one
 * that another agent left. All it decides is `nextMove`; this file looks at the DaemonSet, performs
 * the move, and keeps the times that only one process can know. It has no state on disk: what
 * outlives this pod is the DaemonSet's annotation.
 */
import * as z from 'zod'
import type { Clock } from '../../base/clock.ts'
import { digestOf } from '../../base/digest.ts'
import type { Log } from '../../base/log.ts'
import { jittered, type Random } from '../../base/random.ts'
import type { AttemptReport, Instruction } from '../../contract/agent/check-in.ts'
import type { ClusterFacts } from '../../contract/agent/cluster.ts'
import { Alarm } from '../alarm.ts'
import type { Moment } from '../moment.ts'
import type { ClusterAttempt } from './attempt.ts'
import { ClusterApi, type ClusterFetch, type ClusterRefusal } from './cluster-api.ts'
import {
  type DaemonSet,
  daemonSetObject,
  daemonSetOf,
  daemonSetPath,
  patchRequest,
} from './daemon-set.ts'
import { areReady, type Move, nextMove, type Sight, type Wanted } from './next-move.ts'
import type { Pod } from './pod.ts'
import { lookAtPods, PAGES_MAX, podList, podsRequest } from './pods.ts'

/** Who moves the image sees what becomes of it. */
const HOLD_EVERY_MS = 10_000
/** Who may have to take over looks now and then: there may be thousands. */
const WATCH_EVERY_MS = 60_000
/** Otherwise: whether it may be upgraded, and whether somebody left an attempt. */
const LOOK_EVERY_MS = 10 * 60_000
const LOOK_JITTER = 0.2
/** Somebody else was faster: what is true now is looked at soon. */
const CONFLICT_MS = 1_000
/** While pods become ready one after the other, and none is not, nobody need look at each. */
const PODS_EVERY_MS = 30_000

export type ClusterUpgraderNeeds = {
  readonly pod: Pod
  readonly fetch: ClusterFetch
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Null while it is not enrolled: nobody can hold anything then. */
  endpointId(): string | null
  /** There is news for the server: an attempt, or what may be done here. */
  onNews(): void
}

type Refused = { readonly attempt_id: string; readonly reason: string; readonly message: string }

export class ClusterUpgrader {
  readonly #needs: ClusterUpgraderNeeds
  readonly #api: ClusterApi
  readonly #alarm: Alarm
  #facts: ClusterFacts
  #seen: DaemonSet | null = null
  #wanted: Wanted | null = null
  #refused: Refused | null = null
  #acknowledged: string | null = null
  #beat: { readonly of: string; readonly since: number } = { of: '', since: 0 }
  #beatenAt = Number.NEGATIVE_INFINITY
  #progress: { readonly of: string; readonly since: number } = { of: '', since: 0 }
  #lookedAt = Number.NEGATIVE_INFINITY
  #lost = 0
  #readySince: number | null = null
  #unreadySince = new Map<string, number>()
  #unready: Sight['unready'] = null
  #allowedAt = Number.NEGATIVE_INFINITY
  #stopping = false

  constructor(needs: ClusterUpgraderNeeds) {
    this.#needs = needs
    this.#api = new ClusterApi(needs)
    this.#alarm = new Alarm(needs.clock)
    const { cluster_name: name, namespace, daemon_set } = needs.pod.file
    this.#facts = { name, uid: '', namespace, daemon_set, may_upgrade: false }
  }

  /** As last seen; they change while the agent runs. */
  facts(): ClusterFacts {
    return this.#facts
  }

  /** An id for a machine that has none: of this node of this cluster; empty: neither is known. */
  machineId(): string {
    const { nodeName } = this.#needs.pod
    if (this.#facts.uid === '' || nodeName === '') return ''
    return digestOf(`${this.#facts.uid}/${nodeName}`).slice(0, 32)
  }

  /** What the server is told of an attempt: that it wanted, or that this agent holds. */
  report(): AttemptReport | null {
    if (this.#refused !== null) {
      const { attempt_id, reason, message } = this.#refused
      return reportOf(attempt_id, { phase: 'failed', percent: 0, reason, message })
    }
    const attempt = this.#seen?.attempt ?? null
    if (attempt === null || attempt.attempt_id === this.#acknowledged) return null
    const isOurs = attempt.holder === this.#needs.endpointId()
    if (!isOurs && attempt.attempt_id !== this.#wanted?.attempt_id) return null
    const { phase, reason, message } = attempt
    if (phase !== 'rolling') {
      return reportOf(attempt.attempt_id, { phase, percent: 100, reason, message })
    }
    const { updated = 0, desired = 0 } = this.#seen ?? {}
    const percent = desired === 0 ? 0 : Math.min(99, Math.floor((updated / desired) * 100))
    const how = `${updated} of ${desired} nodes have the new pod`
    return reportOf(attempt.attempt_id, { phase: 'switching', percent, reason, message: how })
  }

  /** Its time counts from when the request was sent that brought it. */
  take(instruction: Instruction, sentAt: Moment): void {
    if (instruction.kind === 'cancel') this.#forget(instruction.attempt_id)
    if (instruction.kind !== 'upgrade-cluster') return
    const { attempt_id, version, image } = instruction
    if (this.#acknowledged === attempt_id) this.#acknowledged = null
    if (this.#wanted?.attempt_id === attempt_id || this.#refused !== null) return
    this.#needs.log.info({ attempt_id, image }, 'the image of the cluster is to be moved')
    this.#wanted = {
      attempt_id,
      version,
      image,
      readyWithinMs: instruction.ready_within_s * 1000,
      startBefore: sentAt.monotonic + instruction.start_within_s * 1000,
    }
    this.#alarm.ring()
  }

  /** The server has stored how this attempt ended. */
  acknowledge(attemptId: string): void {
    this.#acknowledged = attemptId
    if (this.#refused?.attempt_id === attemptId) this.#refused = null
    if (this.#wanted?.attempt_id === attemptId) this.#wanted = null
  }

  stop(): void {
    this.#stopping = true
    this.#alarm.ring()
  }

  async run(): Promise<void> {
    while (!this.#stopping) await this.#alarm.wait(await this.turn())
  }

  /** One look and one move at most; answers how long to wait for the next. */
  async turn(): Promise<number> {
    const before = JSON.stringify([this.report(), this.#facts])
    const waitMs = await this.#turn()
    if (JSON.stringify([this.report(), this.#facts]) !== before) this.#needs.onNews()
    return waitMs
  }

  async #turn(): Promise<number> {
    const { pod, clock, random, log } = this.#needs
    await this.#askWhetherAllowed()
    const read = await this.#api.ask({ method: 'GET', path: daemonSetPath(pod) }, daemonSetObject)
    if (!read.ok) {
      log.warn({ ...read.refusal }, 'no luck with the API of the cluster')
      if (read.refusal.kind === 'forbidden') this.#notGranted(read.refusal)
      if (this.#wanted !== null) return this.#waitForApi(this.#wanted)
      // Who has not seen it since its pod began may be the one that is to go on.
      const isBlind = read.refusal.kind === 'unavailable' && this.#seen === null
      return jittered(random, isBlind ? WATCH_EVERY_MS : LOOK_EVERY_MS, LOOK_JITTER)
    }
    const seen = daemonSetOf(read.value, pod.file.container)
    this.#note(seen)
    const self = this.#needs.endpointId()
    if (self === null) return jittered(random, WATCH_EVERY_MS, LOOK_JITTER)
    if (seen.attempt?.phase === 'rolling' && seen.attempt.holder === self) {
      await this.#lookAtPods(seen)
      this.#noteReady(seen, seen.attempt)
    }
    const move = nextMove({
      daemonSet: seen,
      self,
      wanted: this.#wanted,
      now: clock.now(),
      monotonic: clock.monotonic(),
      beatSince: this.#beat.since,
      beatenAt: this.#beatenAt,
      readySince: this.#readySince,
      lost: this.#lost,
      unready: this.#unready,
    })
    return await this.#perform(move, seen)
  }

  #waitForApi({ startBefore }: Wanted): number {
    if (this.#needs.clock.monotonic() >= startBefore) this.#wanted = null
    return HOLD_EVERY_MS
  }

  async #perform(move: Move, seen: DaemonSet): Promise<number> {
    const { log } = this.#needs
    switch (move.kind) {
      case 'wait':
        return this.#pause()
      case 'drop':
        log.info({ ...this.#wanted }, 'the time to move the image is over')
        this.#wanted = null
        return this.#pause()
      case 'refuse':
        this.#refuse(move)
        return this.#pause()
      case 'patch': {
        const { attempt } = move.change
        const request = patchRequest(this.#needs.pod, seen, move.change)
        const patched = await this.#api.ask(request, daemonSetObject)
        if (!patched.ok) return this.#noteFailure(move.why, patched.refusal)
        const { attempt_id, phase, message } = attempt
        if (move.why !== 'beat') log.info({ attempt_id, phase, message }, `cluster: ${move.why}`)
        this.#beatenAt = this.#needs.clock.monotonic()
        if (move.why === 'begin' || move.why === 'take-over') this.#lookAnew()
        this.#note(daemonSetOf(patched.value, this.#needs.pod.file.container))
        return this.#pause()
      }
    }
  }

  /** What was seen of another attempt says nothing of this one. */
  #lookAnew(): void {
    this.#readySince = null
    this.#unready = null
    this.#unreadySince = new Map()
    this.#lost = 0
  }

  /** A reply that was lost may have been a success: the next look tells. */
  #noteFailure(why: string, refusal: ClusterRefusal): number {
    this.#needs.log.warn({ why, ...refusal }, 'the image of the cluster was not changed')
    if (refusal.kind === 'forbidden' && why === 'begin') this.#notGranted(refusal)
    return refusal.kind === 'conflict' ? CONFLICT_MS : HOLD_EVERY_MS
  }

  #pause(): number {
    const { random } = this.#needs
    const attempt = this.#seen?.attempt ?? null
    const isRolling = attempt?.phase === 'rolling'
    if (isRolling && attempt.holder === this.#needs.endpointId()) return HOLD_EVERY_MS
    if (this.#wanted !== null) return HOLD_EVERY_MS
    return jittered(random, isRolling ? WATCH_EVERY_MS : LOOK_EVERY_MS, LOOK_JITTER)
  }

  #note(seen: DaemonSet): void {
    const now = this.#needs.clock.monotonic()
    const { attempt, uid } = seen
    this.#seen = seen
    if (this.#facts.uid !== uid) this.#facts = { ...this.#facts, uid }
    const beat = attempt === null ? '' : `${attempt.attempt_id} ${attempt.holder} ${attempt.beat}`
    if (beat !== this.#beat.of) this.#beat = { of: beat, since: now }
    const progress = `${attempt?.attempt_id} ${attempt?.holder} ${seen.updated} ${seen.ready}`
    if (progress !== this.#progress.of) this.#progress = { of: progress, since: now }
  }

  /** One that stands still, or has left fewer pods ready than there were, is looked into. */
  #isWorthLooking(seen: DaemonSet, attempt: ClusterAttempt, now: number): boolean {
    if (now - this.#lookedAt < PODS_EVERY_MS) return false
    return now - this.#progress.since >= PODS_EVERY_MS || seen.ready < attempt.ready_before
  }

  #noteReady(seen: DaemonSet, attempt: ClusterAttempt): void {
    const since = this.#readySince ?? this.#needs.clock.monotonic()
    this.#readySince = areReady(attempt, seen, this.#lost) ? since : null
  }

  async #lookAtPods(seen: DaemonSet): Promise<void> {
    const { pod, clock, log } = this.#needs
    const now = clock.monotonic()
    const { attempt } = seen
    if (attempt === null || !this.#isWorthLooking(seen, attempt, now)) return
    this.#lookedAt = now
    const of = { container: pod.file.container, image: attempt.image }
    const since = new Map<string, number>()
    let worst: Sight['unready'] = null
    let lost = 0
    let after = ''
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const listed = await this.#api.ask(podsRequest(pod, seen, after), podList)
      if (!listed.ok) {
        // Best effort: without the right to look at pods, the deadline decides alone.
        log.warn({ ...listed.refusal }, 'the pods of the cluster cannot be looked at')
        return
      }
      const looked = lookAtPods(listed.value.items, of)
      lost += looked.lost
      for (const { name, isStuck, what } of looked.unready) {
        const first = this.#unreadySince.get(name) ?? now
        since.set(name, first)
        if (worst === null || first < worst.since) worst = { isStuck, what, since: first, count: 0 }
      }
      after = listed.value.metadata.continue
      if (after === '') break
    }
    this.#unreadySince = since
    this.#unready = worst === null ? null : { ...worst, count: since.size }
    this.#lost = lost
  }

  /** Asked now and then: an operator grants it, or takes it away, while the agent runs. */
  async #askWhetherAllowed(): Promise<void> {
    const { pod, clock } = this.#needs
    const now = clock.monotonic()
    if (now - this.#allowedAt < LOOK_EVERY_MS / 2) return
    const review = await this.#api.ask(reviewRequest(pod), accessReview)
    if (!review.ok && review.refusal.kind === 'unavailable') return
    this.#allowedAt = now
    const may_upgrade = review.ok && review.value.status.allowed
    if (this.#facts.may_upgrade !== may_upgrade) this.#facts = { ...this.#facts, may_upgrade }
  }

  #notGranted({ message }: ClusterRefusal): void {
    if (this.#facts.may_upgrade) this.#facts = { ...this.#facts, may_upgrade: false }
    this.#refuse({ reason: 'cluster-upgrade-not-granted', message })
  }

  #refuse(why: { readonly reason: string; readonly message: string }): void {
    const { reason, message } = why
    const attempt_id = this.#wanted?.attempt_id
    this.#wanted = null
    if (attempt_id !== undefined) this.#refused = { attempt_id, reason, message }
  }

  /** Before the image was moved there is nothing to take back; behind it, it ends by itself. */
  #forget(attemptId: string): void {
    if (this.#wanted?.attempt_id === attemptId) this.#wanted = null
  }
}

/** Every account may ask what it may do (authorization.k8s.io/v1 SelfSubjectAccessReview). */
function reviewRequest({ file }: Pod) {
  const { namespace, daemon_set: name } = file
  return {
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: {
        resourceAttributes: {
          group: 'apps',
          resource: 'daemonsets',
          verb: 'patch',
          namespace,
          name,
        },
      },
    },
  } as const
}

const accessReview = z.object({ status: z.object({ allowed: z.boolean() }) })

function reportOf(
  attempt_id: string,
  said: Pick<AttemptReport, 'phase' | 'percent' | 'reason' | 'message'>,
): AttemptReport {
  return { attempt_id, ...said, bytes_done: 0, bytes_total: 0 }
}

/**
 * One simulated agent: what the updater and the launcher would tell of an upgrade, without either.
 * It takes an offer, fetches the manifest, has the files after a while, says that it is staged, and
 * switches only once an answer to that has said that it may. Then it starts anew, as a new run of
 * the new version, and says that it succeeded.
 */
import { digestOf } from '../src/base/digest.ts'
import type {
  AttemptPhase,
  CheckInReply,
  CheckInRequest,
  UpgradeInstruction,
} from '../src/contract/agent/check-in.ts'
import { AGENT_PROTOCOL } from '../src/contract/agent/enrol.ts'

export type FleetVersion = { readonly version: string; readonly manifestDigest: string }

/** What it does by itself, without asking the server. */
export type FleetWork =
  | { readonly kind: 'fetch-manifest' }
  | { readonly kind: 'wait'; readonly ms: number; next(): FleetWork | null }
  | { readonly kind: 'news' }
  /** As a new process, which asks at once. */
  | { readonly kind: 'start-anew' }

type Attempt = {
  readonly id: string
  readonly to: FleetVersion
  phase: AttemptPhase
  reason: string | null
}

/** Bytes of an agent, at what lines offices have: between these, evenly. */
const DOWNLOAD_MS_MIN = 2_000
const DOWNLOAD_MS_MAX = 10_000
/** From the end of the old process to the first request of the new one. */
const RESTART_MS = 500
const BYTES = 20_000_000
const NEWS: FleetWork = { kind: 'news' }

export class FleetAgent {
  /** Attempts that it began to switch for; each of them once, whatever the network did. */
  readonly switchedFor: string[] = []
  /** Different attempts that it was offered. */
  readonly offered = new Set<string>()
  readonly #fraction: () => number
  #runs = 0
  #runId: string
  #version: FleetVersion
  #attempt: Attempt | null = null

  constructor(about: {
    readonly runId: string
    readonly version: FleetVersion
    readonly fraction: () => number
  }) {
    this.#runId = about.runId
    this.#version = about.version
    this.#fraction = about.fraction
  }

  get phase(): AttemptPhase | null {
    return this.#attempt?.phase ?? null
  }

  get version(): string {
    return this.#version.version
  }

  request(factsDigest: string): CheckInRequest {
    return {
      protocol: AGENT_PROTOCOL,
      run_id: this.#runId,
      agent_version: this.#version.version,
      manifest_digest: this.#version.manifestDigest,
      launcher_protocol: 1,
      facts_digest: factsDigest,
      facts: null,
      health: { status: 'healthy', details: [] },
      attempt: this.#attempt === null ? null : reportOf(this.#attempt),
      skipped: [],
    }
  }

  /** What an answer makes it do, given what it had said; null: nothing. */
  take(reply: CheckInReply, said: CheckInRequest): FleetWork | null {
    const { instruction, acknowledged_attempt } = reply
    if (this.#attempt !== null && this.#attempt.id === acknowledged_attempt) this.#attempt = null
    if (instruction.kind === 'cancel') return this.#stop(instruction.attempt_id)
    if (instruction.kind !== 'upgrade') return null
    if (this.#attempt?.id !== instruction.attempt_id) return this.#begin(instruction)
    const hasSaidStaged = said.attempt?.phase === 'staged' && this.#attempt.phase === 'staged'
    return hasSaidStaged && instruction.may_switch ? this.#switch(this.#attempt) : null
  }

  /** The manifest has come: the files follow. */
  download(): FleetWork | null {
    const attempt = this.#attempt
    if (attempt?.phase !== 'accepted') return null
    attempt.phase = 'downloading'
    const ms = DOWNLOAD_MS_MIN + (DOWNLOAD_MS_MAX - DOWNLOAD_MS_MIN) * this.#fraction()
    const stage = () => {
      if (attempt.phase !== 'downloading') return null
      attempt.phase = 'staged'
      return NEWS
    }
    return { kind: 'wait', ms, next: stage }
  }

  /** Whom it would ask for the manifest; null: nobody any more. */
  get wantedManifest(): string | null {
    return this.#attempt?.phase === 'accepted' ? this.#attempt.to.manifestDigest : null
  }

  /** The server has heard from the version on probation: the launcher keeps it. */
  prove(said: CheckInRequest): FleetWork | null {
    const attempt = this.#attempt
    if (attempt?.phase !== 'on-probation' || said.attempt?.phase !== 'on-probation') return null
    attempt.phase = 'succeeded'
    return NEWS
  }

  #begin(instruction: UpgradeInstruction): FleetWork | null {
    const phase = this.phase
    // What switches is left to end; what has ended is told before anything else is taken.
    if (phase === 'switching' || phase === 'on-probation' || phase === 'succeeded') return null
    this.offered.add(instruction.attempt_id)
    if (instruction.start_within_s === 0) return null
    const { version, manifest_digest: manifestDigest } = instruction
    const to = { version, manifestDigest }
    this.#attempt = { id: instruction.attempt_id, to, phase: 'accepted', reason: null }
    return { kind: 'fetch-manifest' }
  }

  #switch(attempt: Attempt): FleetWork {
    attempt.phase = 'switching'
    this.switchedFor.push(attempt.id)
    const restart = (): FleetWork => {
      attempt.phase = 'on-probation'
      this.#version = attempt.to
      this.#runs += 1
      this.#runId = digestOf(`${this.#runId} ${this.#runs}`).slice(0, 32)
      return { kind: 'start-anew' }
    }
    return { kind: 'wait', ms: RESTART_MS, next: restart }
  }

  #stop(attemptId: string): FleetWork | null {
    const attempt = this.#attempt
    if (attempt?.id !== attemptId) return null
    const { phase } = attempt
    if (phase !== 'accepted' && phase !== 'downloading' && phase !== 'staged') return null
    attempt.phase = 'failed'
    attempt.reason = 'cancelled'
    return NEWS
  }
}

function reportOf({ id, phase, reason }: Attempt): NonNullable<CheckInRequest['attempt']> {
  const isHere = phase !== 'accepted' && phase !== 'downloading' && phase !== 'failed'
  const percent = isHere ? 100 : 0
  return {
    attempt_id: id,
    phase,
    percent,
    bytes_done: isHere ? BYTES : 0,
    bytes_total: phase === 'accepted' ? 0 : BYTES,
    reason,
    message: reason === null ? null : 'it was cancelled before the switch',
  }
}

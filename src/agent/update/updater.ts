/**
 * Carries an attempt from the offer to the switch. All it decides is `nextStep` and
 * `takeInstruction`; this file reads the facts, writes the journal before each step, performs it,
 * and keeps what the server said and what the launcher was asked.
 *
 * Between steps that only move files from missing to held, what is on disk is carried on in memory
 * instead of being read again (a version may have ten thousand files); any failure, and any new
 * start, reads it anew.
 */
import type { Clock } from '../../base/clock.ts'
import { causeChain } from '../../base/fault.ts'
import { unreachable } from '../../base/invariant.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import type { AttemptReport, Instruction } from '../../contract/agent/check-in.ts'
import type { ManifestFile } from '../../contract/manifest.ts'
import type { TrustedKey } from '../../trust/keys.ts'
import { Alarm } from '../alarm.ts'
import type { AgentMessage, SlotsMessage } from '../launcher/control.ts'
import type { Layout } from '../layout.ts'
import { makeFolder } from '../machine/files.ts'
import { elapsedMs } from '../moment.ts'
import { pauseAfterFailure } from '../pace.ts'
import type { ServerLink } from '../server-link.ts'
import type { Fit } from './check-manifest.ts'
import { clean } from './clean.ts'
import { discardDamaged } from './discard-damaged.ts'
import { endAfterFailure, isMismatch } from './failure.ts'
import type { Attempt, Ended } from './journal.ts'
import { JournalKeeper } from './journal-keeper.ts'
import { LauncherRequest } from './launcher-request.ts'
import {
  type DiskFacts,
  type MissingFile,
  nextStep,
  type Step,
  type UpdateFacts,
} from './next-step.ts'
import { downloadBytes, type Held, heldManifest, observe } from './observe.ts'
import { attemptReport } from './progress.ts'
import { RefusedDownload } from './refused-download.ts'
import { makeSureOfRoom } from './room.ts'
import { downloadArtifact } from './step-download.ts'
import { fetchManifest } from './step-manifest.ts'
import { stageVersion } from './step-stage.ts'
import { askForSwitch } from './step-switch.ts'
import { verifyArtifact } from './step-verify.ts'
import { takeInstruction, toldAgain } from './take-instruction.ts'
import { type Answer, isInTime } from './word.ts'
import { WordKeeper } from './word-keeper.ts'

const FOREVER = Number.POSITIVE_INFINITY

export type UpdaterNeeds = {
  readonly layout: Layout
  readonly link: ServerLink
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly trustedKeys: readonly TrustedKey[]
  readonly fit: Fit
  /** `Authorization` of this endpoint; empty while it has none. */
  authorization(): string
  tellLauncher(message: AgentMessage): void
  /** There is news for the server. */
  onNews(): void
}

export class Updater {
  readonly #needs: UpdaterNeeds
  readonly #alarm: Alarm
  readonly #word: WordKeeper
  readonly #journal: JournalKeeper
  readonly #request: LauncherRequest
  #slots: SlotsMessage | null = null
  #held: Held | null = null
  #seen: DiskFacts | null = null
  #bytesDone = 0
  /** The most bytes there ever were of this attempt, and since when. */
  #most = { bytes: 0, at: 0 }
  #failures = 0
  #mismatches = 0
  #isCleaned = false
  #abort = new AbortController()
  #stopping = false

  constructor(needs: UpdaterNeeds) {
    this.#needs = needs
    this.#alarm = new Alarm(needs.clock)
    this.#word = new WordKeeper(needs.clock, () => this.#interrupt())
    this.#journal = new JournalKeeper(needs.layout.journal, needs.log)
    this.#request = new LauncherRequest(needs.clock)
    this.#most = { bytes: 0, at: needs.clock.monotonic() }
  }

  report(): AttemptReport | null {
    return attemptReport(this.#journal.attempt, this.#slots, this.#bytesDone)
  }

  hearSlots(slots: SlotsMessage): void {
    this.#slots = slots
    this.#isCleaned = false
    this.#request.hearSlots(slots)
    this.#alarm.ring()
  }

  hearSwitchRefused(refusal: { attempt_id: string; reason: string; message: string }): void {
    const { attempt } = this.#journal
    if (attempt?.attempt_id !== refusal.attempt_id || attempt.ended !== null) return
    const { reason, message } = refusal
    // A launcher that has this version already says so; its slots tell the rest.
    if (reason === 'already-active' || reason === 'on-probation') {
      this.#request.putOff()
      return
    }
    if (reason === 'damaged' && this.#held !== null) {
      void discardDamaged(this.#needs.layout, this.#held).catch((error: unknown) => {
        // Best effort: what is wrong and stays is found wrong by the launcher again.
        this.#needs.log.error({ chain: causeChain(error) }, 'what is damaged could not be removed')
      })
    }
    this.#end({ phase: 'failed', reason, message })
  }

  /** What the server answered to a check-in of ours. */
  take(answer: Answer): void {
    this.#journal.catchUp()
    if (this.#slots === null) return
    const { instruction } = answer
    const launcher = { slots: this.#slots, switchRequest: this.#request.state() }
    const taken = this.#isTooLate(answer)
      ? undefined
      : takeInstruction(this.#journal.attempt, launcher, instruction)
    if (taken !== undefined) {
      const about = { kind: instruction.kind, attempt: taken.attempt_id }
      this.#needs.log.info(about, 'instruction taken')
      this.#interrupt()
      if (taken.ended === null) this.#begin(taken)
      else this.#end(taken.ended)
    }
    this.#word.hear(answer, this.#journal.attempt?.attempt_id ?? null)
    this.#noteTold(instruction)
    this.#alarm.ring()
  }

  /**
   * The server has stored how this attempt ended. The journal goes first: its outcome can be asked
   * for again.
   */
  acknowledge(attemptId: string): void {
    const { attempt } = this.#journal
    const isOutcome = this.#slots?.outcome?.attempt_id === attemptId
    if (attempt?.attempt_id === attemptId) {
      if (attempt.ended === null && !isOutcome) return
      this.#journal.keep(null)
    }
    if (isOutcome) {
      this.#needs.tellLauncher({ kind: 'outcome-acknowledged', attempt_id: attemptId })
    }
  }

  stop(): void {
    this.#stopping = true
    this.#word.forget()
    this.#interrupt()
  }

  async run(): Promise<void> {
    while (!this.#stopping) await this.#alarm.wait(await this.#turn())
  }

  /** One step at most; answers how long to wait for the next. */
  async #turn(): Promise<number> {
    const { attempt } = this.#journal
    const slots = this.#slots
    const { signal } = this.#abort
    if (slots === null) return FOREVER
    try {
      if (attempt === null || attempt.ended !== null) {
        this.#cleanOnce(slots)
        return FOREVER
      }
      if (attempt.phase === 'accepted') {
        if (!this.#word.counts().mayStart) return this.#leave(attempt)
        this.#makeWay(attempt, slots)
      }
      const facts = this.#readFacts(attempt, slots)
      const step = nextStep(attempt, facts)
      if (step.kind === 'idle') return this.#waitIdle()
      await this.#perform(step, attempt, facts)
      this.#failures = 0
      return 0
    } catch (error) {
      this.#seen = null
      // Best effort: what we gave up ourselves is no failure; what comes instead is asked at once.
      return signal.aborted ? 0 : this.#noteFailure(error, attempt)
    }
  }

  #readFacts(attempt: Attempt, slots: SlotsMessage): UpdateFacts {
    const seen = this.#seen ?? this.#look(attempt)
    this.#seen = seen
    return { ...seen, ...this.#word.counts(), slots, switchRequest: this.#request.state() }
  }

  #look(attempt: Attempt): DiskFacts {
    const { layout, trustedKeys, fit } = this.#needs
    this.#held = heldManifest(layout, attempt.manifest_digest, trustedKeys)
    const seen = observe(layout, attempt, this.#held, fit)
    if (attempt.phase === 'downloading') {
      const { total, here } = downloadBytes(layout, seen.missing)
      this.#bytesDone = Math.max(0, attempt.bytes_total - total + here)
    }
    return seen
  }

  /** Waiting for others is no lack of progress. */
  #waitIdle(): number {
    this.#most = { ...this.#most, at: this.#needs.clock.monotonic() }
    return this.#request.waitMs()
  }

  async #perform(
    step: Exclude<Step, { kind: 'idle' }>,
    attempt: Attempt,
    facts: UpdateFacts,
  ): Promise<void> {
    const { layout, tellLauncher, onNews } = this.#needs
    const [, ...rest] = facts.missing
    switch (step.kind) {
      case 'end':
        return this.#end(step.ended)
      case 'fetch-manifest':
        return this.#fetchManifest(attempt)
      case 'download':
        await this.#download(attempt, facts, step.file)
        return this.#carryOn([{ file: step.file, isFetched: true }, ...rest])
      case 'verify':
        await verifyArtifact(layout, step.file)
        return this.#carryOn(rest)
      case 'stage':
        if (this.#held !== null) stageVersion(layout, this.#held)
        this.#seen = null
        return
      case 'note-staged':
        this.#journal.note({ ...attempt, phase: 'staged' })
        return onNews()
      case 'switch':
        this.#journal.note({ ...attempt, phase: 'switching' })
        this.#word.usePermission()
        askForSwitch(attempt, tellLauncher)
        this.#request.make()
        return onNews()
      default:
        return unreachable(step)
    }
  }

  /** Unless what is on disk is to be looked at anew: the attempt may have changed meanwhile. */
  #carryOn(missing: readonly MissingFile[]): void {
    if (this.#seen !== null) this.#seen = { ...this.#seen, missing }
  }

  async #fetchManifest(attempt: Attempt): Promise<void> {
    const { layout, link, authorization, trustedKeys } = this.#needs
    const { signal } = this.#abort
    const needs = { layout, link, trustedKeys, signal, authorization: authorization() }
    makeFolder(layout.state)
    const fetched = await fetchManifest(needs, attempt.manifest_digest)
    this.#seen = null
    if (!fetched.ok && this.#journal.isAtWork(attempt))
      this.#end({ phase: 'failed', ...fetched.refusal })
  }

  async #download(attempt: Attempt, facts: UpdateFacts, file: ManifestFile): Promise<void> {
    const { layout, link, clock, authorization } = this.#needs
    if (attempt.phase === 'accepted') {
      const { total, here } = downloadBytes(layout, facts.missing)
      makeSureOfRoom(layout, facts.missing, total - here)
      this.#bytesDone = here
      this.#journal.note({ ...attempt, phase: 'downloading', bytes_total: total })
      this.#needs.onNews()
    }
    const { signal } = this.#abort
    const needs = { layout, link, clock, signal, authorization: authorization() }
    const rateMax = () => this.#word.rateMax(attempt.download_rate_max)
    await downloadArtifact({ ...needs, rateMax, onBytes: (count) => this.#noteBytes(count) }, file)
  }

  #noteBytes(count: number): void {
    this.#bytesDone += count
    const bytes = Math.min(this.#bytesDone, this.#journal.attempt?.bytes_total ?? 0)
    if (bytes > this.#most.bytes) this.#most = { bytes, at: this.#needs.clock.monotonic() }
    // A machine that slept wakes in the middle, and before its timers.
    if (this.#word.counts().isClosed) this.#interrupt()
  }

  #noteFailure(error: unknown, attempt: Attempt | null): number {
    const { log, clock, random } = this.#needs
    this.#failures += 1
    const about = { chain: causeChain(error), attempt: attempt?.attempt_id ?? null }
    log.warn(about, 'a step of the update failed')
    if (isMismatch(error)) this.#mismatches += 1
    const sinceProgressMs = clock.monotonic() - this.#most.at
    const ended = endAfterFailure(error, { mismatches: this.#mismatches, sinceProgressMs })
    if (this.#journal.isAtWork(attempt) && ended !== null) {
      this.#end(ended)
      return 0
    }
    const retryAfterMs = error instanceof RefusedDownload ? error.retryAfterMs : null
    const trouble = { failures: this.#failures, retryAfterMs, intervalS: null }
    return pauseAfterFailure(random, trouble).dueMs
  }

  /** What the step at work waits for is over; the next one is asked at once. */
  #interrupt(): void {
    this.#abort.abort()
    this.#abort = new AbortController()
    this.#alarm.ring()
  }

  /** An offer that took so long to come that there is no time to begin. */
  #isTooLate({ instruction, sentAt }: Answer): boolean {
    if (instruction.kind !== 'upgrade') return false
    if (instruction.attempt_id === this.#journal.attempt?.attempt_id) return false
    return !isInTime(instruction, elapsedMs(this.#needs.clock, sentAt))
  }

  /** Its window has closed: nothing of it has begun, and the server offers it again in the next. */
  #leave(attempt: Attempt): number {
    this.#needs.log.info({ attempt: attempt.attempt_id }, 'its time to begin is over')
    this.#journal.keep(null)
    this.#seen = null
    this.#word.forget()
    this.#needs.onNews()
    return 0
  }

  #begin(attempt: Attempt): void {
    this.#failures = 0
    this.#mismatches = 0
    this.#bytesDone = 0
    this.#most = { bytes: 0, at: this.#needs.clock.monotonic() }
    this.#seen = null
    this.#request.forget()
    this.#journal.keep(attempt)
    this.#needs.onNews()
  }

  #noteTold(instruction: Instruction): void {
    const { attempt } = this.#journal
    if (attempt?.ended === null) this.#journal.keep(toldAgain(attempt, instruction))
  }

  #end(ended: Ended): void {
    const { attempt } = this.#journal
    if (attempt === null) return
    this.#needs.log.info({ attempt: attempt.attempt_id, ...ended }, 'the attempt has ended')
    this.#journal.end(attempt, ended, this.#needs.clock.now())
    this.#seen = null
    this.#isCleaned = false
    this.#word.forget()
    this.#request.forget()
    this.#needs.onNews()
    this.#alarm.ring()
  }

  #cleanOnce(slots: SlotsMessage): void {
    if (this.#journal.dropStale(this.#needs.clock.now())) this.#isCleaned = false
    if (this.#isCleaned || slots.probation !== null) return
    this.#isCleaned = true
    this.#clean(slots, this.#journal.left)
  }

  /** What was left of another version makes room for this one. */
  #makeWay(attempt: Attempt, slots: SlotsMessage): void {
    const { manifest_digest } = attempt
    const { left } = this.#journal
    if (left === null || left === manifest_digest || slots.probation !== null) return
    this.#journal.dropLeft()
    this.#clean(slots, manifest_digest)
  }

  #clean(slots: SlotsMessage, next: string | null): void {
    const removed = clean(this.#needs.layout, slots, this.#needs.trustedKeys, next)
    if (removed.length > 0)
      this.#needs.log.info({ count: removed.length }, 'removed what is not needed')
  }
}

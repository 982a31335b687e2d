/**
 * Carries an attempt from the offer to the switch. All it decides is `nextStep` and
 * `takeInstruction`; this file reads the facts, writes the journal before each step, performs it,
 * and holds retries and limits.
 *
 * Between steps that only move files from missing to held, the facts are carried on in memory
 * instead of being read again (a version may have ten thousand files); any failure, and any new
 * start, reads them anew.
 */
import type { Clock } from '../../base/clock.ts'
import { causeChain, Fault } from '../../base/fault.ts'
import { unreachable } from '../../base/invariant.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import type { AttemptReport, Instruction } from '../../contract/agent/check-in.ts'
import type { ManifestFile } from '../../contract/manifest.ts'
import type { TrustedKey } from '../../trust/keys.ts'
import { Alarm } from '../alarm.ts'
import type { AgentMessage, SlotsMessage } from '../launcher/control.ts'
import { type Layout, versionFolder } from '../layout.ts'
import { freeBytes, isDiskFull, makeFolder, removeTree } from '../machine/files.ts'
import { pauseAfterFailure } from '../pace.ts'
import type { ServerLink } from '../server-link.ts'
import { isFile } from '../version-directory.ts'
import type { Fit } from './check-manifest.ts'
import { clean } from './clean.ts'
import { type Attempt, attemptToContinue, type Ended, loadJournal, saveJournal } from './journal.ts'
import { nextStep, type Step, type UpdateFacts } from './next-step.ts'
import { downloadBytes, type Held, heldManifest, observe } from './observe.ts'
import { attemptReport } from './progress.ts'
import { downloadArtifact } from './step-download.ts'
import { fetchManifest } from './step-manifest.ts'
import { stageVersion } from './step-stage.ts'
import { askForSwitch } from './step-switch.ts'
import { verifyArtifact } from './step-verify.ts'
import { takeInstruction } from './take-instruction.ts'

/** What the network may take, in all, before the attempt is given up. */
const DOWNLOAD_TRIES_FOR_MS = 3_600_000
/** A wrong download once is a bad line; thrice is a bad server. */
const MISMATCHES_MAX = 3
/** Left free beside what the version needs: the machine has other work than ours. */
const DISK_MARGIN_BYTES = 32 * 1024 * 1024
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
  #attempt: Attempt | null
  #slots: SlotsMessage | null = null
  #held: Held | null = null
  #facts: UpdateFacts | null = null
  #switchAsked = false
  #bytesDone = 0
  #since = 0
  /** The download of an attempt begins before this, or waits for another offer. */
  #startBefore = FOREVER
  #failures = 0
  #mismatches = 0
  #isCleaned = false
  #abort = new AbortController()
  #stopping = false

  constructor(needs: UpdaterNeeds) {
    this.#needs = needs
    this.#alarm = new Alarm(needs.clock)
    this.#attempt = attemptToContinue(loadJournal(needs.layout.journal))
    this.#since = needs.clock.monotonic()
  }

  report(): AttemptReport | null {
    return attemptReport(this.#attempt, this.#slots, this.#bytesDone)
  }

  hearSlots(slots: SlotsMessage): void {
    this.#slots = slots
    this.#isCleaned = false
    // A request that the launcher could not take while it had another version on probation is made
    // again.
    if (slots.probation === null) this.#switchAsked = false
    const switchAsked = this.#switchAsked
    if (this.#facts !== null) this.#facts = { ...this.#facts, slots, switchAsked }
    this.#alarm.ring()
  }

  hearSwitchRefused(refusal: { attempt_id: string; reason: string; message: string }): void {
    if (this.#attempt?.attempt_id !== refusal.attempt_id || this.#attempt.ended !== null) return
    const { reason, message } = refusal
    // A launcher that has this version already says so; its slots tell the rest.
    if (reason === 'already-active' || reason === 'on-probation') return
    if (reason === 'damaged') this.#discardDamaged()
    this.#end({ phase: 'failed', reason, message })
  }

  take(instruction: Instruction): void {
    if (this.#slots === null) return
    const taken = takeInstruction(this.#attempt, this.#slots, instruction)
    if (taken === undefined) return
    this.#needs.log.info({ kind: instruction.kind, attempt: taken.attempt_id }, 'instruction taken')
    this.#abort.abort()
    this.#abort = new AbortController()
    this.#begin(taken)
    if (instruction.kind === 'upgrade') {
      this.#startBefore = this.#since + instruction.start_within_s * 1000
    }
    this.#needs.onNews()
    this.#alarm.ring()
  }

  /**
   * The server has stored how this attempt ended. The journal goes first: its outcome can be asked
   * for again.
   */
  acknowledge(attemptId: string): void {
    if (this.#attempt?.attempt_id === attemptId && this.report() !== null) {
      if (this.#attempt.ended === null && this.#slots?.outcome?.attempt_id !== attemptId) return
      this.#attempt = null
      this.#saveEnd()
    }
    if (this.#slots?.outcome?.attempt_id === attemptId) {
      this.#needs.tellLauncher({ kind: 'outcome-acknowledged', attempt_id: attemptId })
    }
  }

  stop(): void {
    this.#stopping = true
    this.#abort.abort()
    this.#alarm.ring()
  }

  async run(): Promise<void> {
    while (!this.#stopping) await this.#alarm.wait(await this.#turn())
  }

  /** One step at most; answers how long to wait for the next. */
  async #turn(): Promise<number> {
    const attempt = this.#attempt
    const slots = this.#slots
    if (slots === null) return FOREVER
    try {
      if (attempt === null || attempt.ended !== null) {
        this.#cleanOnce(slots)
        return FOREVER
      }
      if (attempt.phase === 'accepted' && this.#needs.clock.monotonic() >= this.#startBefore) {
        return this.#leave(attempt)
      }
      const facts = this.#readFacts(attempt, slots)
      const step = nextStep(attempt, facts)
      if (step.kind === 'idle') return FOREVER
      await this.#perform(step, attempt, facts)
      this.#failures = 0
      return 0
    } catch (error) {
      return this.#noteFailure(error, attempt)
    }
  }

  #readFacts(attempt: Attempt, slots: SlotsMessage): UpdateFacts {
    if (this.#facts !== null) return this.#facts
    const { layout, trustedKeys, fit } = this.#needs
    this.#held = heldManifest(layout, attempt.manifest_digest, trustedKeys)
    const known = { slots, switchAsked: this.#switchAsked, fit }
    const facts = observe(layout, attempt, this.#held, known)
    if (attempt.phase === 'downloading') {
      const { total, here } = downloadBytes(layout, facts.missing)
      this.#bytesDone = Math.max(0, attempt.bytes_total - total + here)
    }
    this.#facts = facts
    return facts
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
        return this.#carryOn({ ...facts, missing: [{ file: step.file, isFetched: true }, ...rest] })
      case 'verify':
        await verifyArtifact(layout, step.file)
        return this.#carryOn({ ...facts, missing: rest })
      case 'stage':
        if (this.#held !== null) stageVersion(layout, this.#held)
        this.#facts = null
        return
      case 'note-staged':
        this.#note({ ...attempt, phase: 'staged' })
        return onNews()
      case 'switch':
        this.#note({ ...attempt, phase: 'switching' })
        askForSwitch(attempt, tellLauncher)
        this.#switchAsked = true
        this.#facts = { ...facts, switchAsked: true }
        return onNews()
      default:
        return unreachable(step)
    }
  }

  /** Slots may have changed while a step was at work. */
  #carryOn(facts: UpdateFacts): void {
    if (this.#facts !== null)
      this.#facts = { ...facts, slots: this.#facts.slots, switchAsked: this.#switchAsked }
  }

  async #fetchManifest(attempt: Attempt): Promise<void> {
    const { layout, link, authorization, trustedKeys } = this.#needs
    const needs = { layout, link, trustedKeys, authorization: authorization() }
    makeFolder(layout.state)
    const fetched = await fetchManifest(needs, attempt.manifest_digest)
    this.#facts = null
    if (!fetched.ok && this.#isAtWork(attempt)) this.#end({ phase: 'failed', ...fetched.refusal })
  }

  async #download(attempt: Attempt, facts: UpdateFacts, file: ManifestFile): Promise<void> {
    const { layout, link, clock, authorization } = this.#needs
    if (attempt.phase === 'accepted') {
      const bytes = downloadBytes(layout, facts.missing)
      this.#checkDisk(facts, bytes)
      this.#bytesDone = bytes.here
      this.#note({ ...attempt, phase: 'downloading', bytes_total: bytes.total })
      this.#needs.onNews()
    }
    await downloadArtifact(
      {
        layout,
        link,
        clock,
        authorization: authorization(),
        signal: this.#abort.signal,
        rateMax: attempt.download_rate_max,
        onBytes: (count) => {
          this.#bytesDone += count
        },
      },
      file,
    )
  }

  #checkDisk(facts: UpdateFacts, bytes: { readonly total: number; readonly here: number }): void {
    const unpacked = facts.missing.reduce((sum, { file }) => sum + file.size, 0)
    const needed = bytes.total - bytes.here + unpacked + DISK_MARGIN_BYTES
    const free = freeBytes(this.#needs.layout.state)
    if (free >= needed) return
    throw new Fault({
      code: 'disk-full',
      doing: `making room for ${needed} bytes, of which ${free} are free`,
      retry: 'never',
    })
  }

  #noteFailure(error: unknown, attempt: Attempt | null): number {
    const { log, clock, random } = this.#needs
    this.#facts = null
    this.#failures += 1
    if (attempt === null || !this.#isAtWork(attempt)) {
      if (!this.#stopping) log.warn({ chain: causeChain(error) }, 'the update was interrupted')
      return pauseAfterFailure(random, this.#failures, null).dueMs
    }
    log.warn(
      { chain: causeChain(error), attempt: attempt.attempt_id },
      'a step of the update failed',
    )
    const code = error instanceof Fault ? error.code : 'agent-fault'
    if (code === 'digest-mismatch') this.#mismatches += 1
    const isFinal =
      isDiskFull(error) ||
      !(error instanceof Fault) ||
      error.retry === 'never' ||
      this.#mismatches >= MISMATCHES_MAX ||
      clock.monotonic() - this.#since >= DOWNLOAD_TRIES_FOR_MS
    if (!isFinal) return pauseAfterFailure(random, this.#failures, null).dueMs
    this.#end({ phase: 'failed', reason: reasonOf(error, code), message: messageOf(error) })
    return 0
  }

  /** Its window has closed: nothing of it has begun, and the server offers it again in the next. */
  #leave(attempt: Attempt): number {
    this.#needs.log.info({ attempt: attempt.attempt_id }, 'its time to begin is over')
    this.#attempt = null
    this.#facts = null
    this.#saveEnd()
    this.#needs.onNews()
    return 0
  }

  /** The attempt is still the one that is worked on. */
  #isAtWork(attempt: Attempt): boolean {
    return this.#attempt?.attempt_id === attempt.attempt_id && this.#attempt.ended === null
  }

  #begin(attempt: Attempt): void {
    this.#since = this.#needs.clock.monotonic()
    this.#failures = 0
    this.#mismatches = 0
    this.#bytesDone = 0
    this.#switchAsked = false
    this.#facts = null
    this.#attempt = attempt
    this.#saveEnd()
  }

  /** Written before the step it announces; when it cannot be written, the step is not taken. */
  #note(attempt: Attempt): void {
    saveJournal(this.#needs.layout.journal, { schema: 1, attempt })
    this.#attempt = attempt
  }

  #end(ended: Ended): void {
    if (this.#attempt === null) return
    this.#needs.log.info({ attempt: this.#attempt.attempt_id, ...ended }, 'the attempt has ended')
    this.#attempt = { ...this.#attempt, ended }
    this.#facts = null
    this.#isCleaned = false
    this.#saveEnd()
    this.#needs.onNews()
    this.#alarm.ring()
  }

  #saveEnd(): void {
    try {
      saveJournal(this.#needs.layout.journal, { schema: 1, attempt: this.#attempt })
    } catch (error) {
      // Best effort: what is not written is found again (the attempt is offered, tried and ended
      // once more).
      this.#needs.log.error({ chain: causeChain(error) }, 'the journal could not be written')
    }
  }

  #cleanOnce(slots: SlotsMessage): void {
    if (this.#isCleaned || slots.probation !== null) return
    this.#isCleaned = true
    const removed = clean(this.#needs.layout, slots, this.#needs.trustedKeys)
    if (removed.length > 0)
      this.#needs.log.info({ count: removed.length }, 'removed what is not needed')
  }

  /**
   * The launcher found a staged version damaged: it is built anew, from store files that are what
   * they say.
   */
  #discardDamaged(): void {
    const { layout } = this.#needs
    const held = this.#held
    if (held === null) return
    removeTree(versionFolder(layout, held.verified.digest))
    void discardWrongFiles(layout, held).catch((error: unknown) => {
      // Best effort: what is wrong and stays is found wrong by the launcher again.
      this.#needs.log.error({ chain: causeChain(error) }, 'the store could not be looked through')
    })
  }
}

async function discardWrongFiles(layout: Layout, held: Held): Promise<void> {
  for (const file of held.verified.manifest.files) {
    const stored = `${layout.store}/${file.digest}`
    if (!(await isFile(stored, file))) removeTree(stored)
  }
}

function reasonOf(error: unknown, code: string): string {
  if (isDiskFull(error)) return 'disk-full'
  const isNetworks = [
    'server-unreachable',
    'stalled',
    'timed-out',
    'unreadable-answer',
    'answer-too-large',
  ]
  return isNetworks.includes(code) ? 'download-failed' : code
}

function messageOf(error: unknown): string {
  return causeChain(error).join(': ').slice(0, 1000)
}

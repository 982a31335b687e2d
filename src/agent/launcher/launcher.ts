/**
 * The launcher: the stable part of the agent. It starts the active version, watches it, and goes
 * back to the one before when a new one does not prove itself. It knows nothing of servers,
 * downloads or payloads.
 *
 * Everything it decides is `nextMove`; this file gathers the facts, performs the move and asks
 * again. What is true is what `slots.json` says; a move that changes it writes it first.
 */
import type { Clock } from '../../base/clock.ts'
import { causeChain } from '../../base/fault.ts'
import { unreachable } from '../../base/invariant.ts'
import type { Log } from '../../base/log.ts'
import { jittered, type Random } from '../../base/random.ts'
import type { TrustedKey } from '../../trust/keys.ts'
import { type Layout, versionFolder } from '../layout.ts'
import type { Command, Environment, Processes } from '../machine/processes.ts'
import type { VerifiedManifest } from '../manifest.ts'
import { readManifest, verifyVersion } from '../version-directory.ts'
import { killLeftOver, type StartedAgent, startAgentProcess } from './agent-process.ts'
import type { AgentMessage, Slot, SwitchRequest } from './control.ts'
import {
  type Child,
  type Facts,
  type Move,
  nextMove,
  SEED_PROBATION_S,
  type SeedUse,
} from './next-move.ts'
import { importSeed, slotOf } from './seed.ts'
import {
  committed,
  followed,
  loadSlots,
  replaced,
  rolledBack,
  type Slots,
  saveSlots,
  slotsMessage,
  switched,
} from './slots.ts'
import { beginSwitch } from './switch-request.ts'

const BACK_OFF_FIRST_MS = 1_000
const BACK_OFF_MAX_MS = 60_000
/**
 * On probation the pause is only there so that nothing spins: what does not work is to be left
 * soon.
 */
const PROBATION_PAUSE_MS = 250
/** After this long a run was good, and the next crash is a first one. */
const GOOD_RUN_MS = 10 * 60_000
/** What the agent may take to stop beside its payload's own time. */
const STOP_GRACE_MS = 5_000
/** For a version that failed: it had its chance. */
const FAILED_STOP_GRACE_MS = 1_000
/** Longer waits are cut, because timers hold 31 bits of milliseconds. */
const WAIT_MAX_MS = 3_600_000
/** Each refused or failed piece of work is tried again after this long at the earliest. */
const RETRY_MS = 5_000

export type LauncherNeeds = {
  readonly layout: Layout
  readonly trustedKeys: readonly TrustedKey[]
  /** In a pod of a cluster. */
  readonly followsImage: boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** How to start the agent of a version directory, and the environment it gets. */
  agentCommand(versionFolder: string): Command
  readonly environment: Environment
  readonly processes: Processes
  /** Where the agent's log goes; null leaves it to our own stderr. */
  readonly takeAgentLog: ((bytes: Uint8Array) => void) | null
}

type Running = { child: Child; readonly agent: StartedAgent; readonly stopTimeoutMs: number }

export class Launcher {
  readonly #needs: LauncherNeeds
  #slots: Slots
  #slotsSaved = true
  #seed: VerifiedManifest | null = null
  readonly #damaged = new Set<string>()
  #running: Running | null = null
  #verdict: Facts['verdict'] = null
  #switchRequest: SwitchRequest | null = null
  #failures = 0
  #startNotBefore = 0
  #probationSince: number
  #stopping = false
  #wake: () => void = () => {}
  #woken = false

  constructor(needs: LauncherNeeds) {
    this.#needs = needs
    this.#slots = loadSlots(needs.layout.slots, needs.log)
    this.#probationSince = needs.clock.monotonic()
  }

  stop(): void {
    this.#stopping = true
    this.#rouse()
  }

  /** Runs until `stop`, and then until the agent has stopped. The lock is the caller's. */
  async run(): Promise<void> {
    const { layout, log, trustedKeys, processes } = this.#needs
    const killed = killLeftOver(processes, layout.running)
    if (killed > 0) log.warn({ killed }, 'killed processes that an earlier launcher left behind')
    const seed = readManifest(layout.seed, trustedKeys)
    if (seed.ok) this.#seed = seed.value
    else log.warn({ code: seed.refusal.code }, 'the package brought no version to be used')
    for (;;) {
      this.#woken = false
      if (!this.#slotsSaved) this.#save(this.#slots)
      if (this.#switchRequest !== null) await this.#answerSwitch(this.#switchRequest)
      const move = nextMove(this.#slots, this.#facts())
      if (move.kind === 'exit') return
      await this.#perform(move)
    }
  }

  #facts(): Facts {
    return {
      now: this.#needs.clock.monotonic(),
      seed: this.#seed === null ? null : slotOf(this.#seed),
      followsImage: this.#needs.followsImage,
      damaged: [...this.#damaged],
      child: this.#running?.child ?? null,
      startNotBefore: this.#startNotBefore,
      probationSince: this.#probationSince,
      verdict: this.#verdict,
      stopping: this.#stopping,
    }
  }

  async #perform(move: Exclude<Move, { kind: 'exit' }>): Promise<void> {
    const { log } = this.#needs
    switch (move.kind) {
      case 'wait':
        return this.#waitUntil(move.until)
      case 'adopt-seed':
        return this.#adoptSeed(move.seed, move.how)
      case 'replace-damaged':
        log.error({ to: move.to, from: move.from }, 'the active version is damaged and is replaced')
        if (move.from === 'seed' && !(await this.#importSeed())) return
        // A disk that damages what was just mended must not make this spin.
        this.#backOff()
        return this.#save(replaced(this.#slots, move.to))
      case 'stop-child':
        return this.#stopChild(move.why)
      case 'start':
        return this.#start(move.slot)
      case 'commit':
        log.info({ ...this.#slots.active }, 'the version is healthy and stays')
        return this.#save(committed(this.#slots))
      case 'roll-back':
        log.error({ ...this.#slots.active, reason: move.reason }, `going back: ${move.message}`)
        this.#failures = 0
        this.#startNotBefore = 0
        return this.#save(rolledBack(this.#slots, move))
      default:
        return unreachable(move)
    }
  }

  async #adoptSeed(seed: Slot, how: SeedUse): Promise<void> {
    if (how === 'note') return this.#save({ ...this.#slots, seed: seed.manifest_digest })
    if (!(await this.#importSeed())) return
    this.#needs.log.info({ ...seed, how }, 'taking the version that the package brought')
    const noted = { ...this.#slots, seed: seed.manifest_digest }
    if (how === 'follow') return this.#beginProbation(followed(this.#slots, seed))
    if (how === 'first') return this.#save({ ...noted, active: seed })
    this.#beginProbation(switched(noted, seed, { attemptId: null, probationS: SEED_PROBATION_S }))
  }

  /** False when it was not taken: left alone until the next start, unless nothing else can run. */
  async #importSeed(): Promise<boolean> {
    const { layout, log, trustedKeys, clock, random } = this.#needs
    if (this.#seed === null) return false
    try {
      const imported = await importSeed(layout, this.#seed, trustedKeys)
      if (imported.ok) {
        this.#damaged.delete(this.#seed.digest)
        return true
      }
      log.error({ ...imported.refusal }, 'the version that the package brought cannot be used')
    } catch (error) {
      // Best effort: a full disk must not keep the version that is there from running.
      log.error({ chain: causeChain(error) }, 'the version that the package brought was not taken')
      const { active } = this.#slots
      if (active === null || this.#damaged.has(active.manifest_digest)) {
        this.#startNotBefore = clock.monotonic() + jittered(random, RETRY_MS, 0.2)
        return false
      }
    }
    this.#seed = null
    return false
  }

  async #answerSwitch(request: SwitchRequest): Promise<void> {
    const { log } = this.#needs
    this.#switchRequest = null
    const begun = await beginSwitch(this.#needs, this.#slots, request)
    if (begun.ok) {
      log.info({ ...begun.value.active }, 'switching')
      this.#damaged.delete(request.manifest_digest)
      this.#beginProbation(begun.value)
      return
    }
    const { attempt_id } = request
    log.warn({ attempt_id, ...begun.refusal }, 'not switching')
    // A write that failed may have got through to the disk all the same: what stands is said again.
    if (['disk-full', 'not-switched'].includes(begun.refusal.reason)) this.#save(this.#slots)
    this.#running?.agent.send({ kind: 'switch-refused', attempt_id, ...begun.refusal })
  }

  #beginProbation(slots: Slots): void {
    this.#probationSince = this.#needs.clock.monotonic()
    this.#failures = 0
    this.#startNotBefore = 0
    this.#verdict = null
    this.#save(slots)
  }

  async #start(slot: Slot): Promise<void> {
    const { layout, log, trustedKeys, clock } = this.#needs
    const folder = versionFolder(layout, slot.manifest_digest)
    try {
      const expected = { digest: slot.manifest_digest, depth: 'start' } as const
      const verified = await verifyVersion(folder, expected, trustedKeys)
      if (!verified.ok) {
        log.error(
          { ...slot, ...verified.refusal },
          'not started: its files are not what was signed',
        )
        this.#damaged.add(slot.manifest_digest)
        return
      }
      const { probation } = this.#slots
      if (probation !== null) {
        this.#save({ ...this.#slots, probation: { ...probation, starts: probation.starts + 1 } })
      }
      this.#launch(slot, (verified.value.manifest.payload?.stop_timeout_s ?? 0) * 1000)
    } catch (error) {
      // Best effort: the machine may be short of something; it is tried again after a pause.
      log.error({ chain: causeChain(error), ...slot }, 'the agent could not be started')
      this.#startNotBefore = clock.monotonic() + jittered(this.#needs.random, RETRY_MS, 0.2)
    }
  }

  #launch(slot: Slot, stopTimeoutMs: number): void {
    const { layout, log, clock, environment, processes, takeAgentLog } = this.#needs
    const now = clock.monotonic()
    this.#verdict = null
    let started: Running | null = null
    const whenCurrent = (act: (running: Running) => void) => {
      if (started !== null && this.#running === started) act(started)
      this.#rouse()
    }
    const command = this.#needs.agentCommand(versionFolder(layout, slot.manifest_digest))
    const agent = startAgentProcess(
      { command, environment, runningFile: layout.running, processes, clock },
      {
        onMessage: (message) => whenCurrent((running) => this.#hear(running, message)),
        onBroken: () =>
          whenCurrent((running) => {
            running.child = { ...running.child, broken: true }
          }),
        onExit: (how) => whenCurrent((running) => this.#noteExit(running, how)),
        onStderr: takeAgentLog,
        onUnnoted: (error) => log.error({ chain: causeChain(error) }, 'the agent was not noted'),
      },
    )
    const child: Child = {
      manifestDigest: slot.manifest_digest,
      startedAt: now,
      saidHello: false,
      lastHeardAt: now,
      broken: false,
    }
    started = { child, agent, stopTimeoutMs }
    this.#running = started
    log.info({ ...slot }, 'agent started')
    this.#tellSlots()
  }

  #hear(running: Running, message: AgentMessage): void {
    running.child = { ...running.child, lastHeardAt: this.#needs.clock.monotonic() }
    switch (message.kind) {
      case 'hello':
        running.child = { ...running.child, saidHello: true }
        return
      case 'alive':
        return
      case 'healthy':
        this.#verdict = 'healthy'
        return
      case 'unhealthy':
        this.#verdict = { reason: message.reason, message: message.message }
        return
      case 'switch':
        this.#switchRequest = message
        return
      case 'outcome-acknowledged':
        if (this.#slots.outcome?.attempt_id === message.attempt_id) {
          this.#save({ ...this.#slots, outcome: null })
        }
        return
      case 'forget-skip': {
        const skip = this.#slots.skip.filter((s) => s.manifest_digest !== message.manifest_digest)
        if (skip.length < this.#slots.skip.length) this.#save({ ...this.#slots, skip })
        return
      }
      default:
        unreachable(message)
    }
  }

  #noteExit(running: Running, how: string): void {
    const { clock, log } = this.#needs
    const now = clock.monotonic()
    const { child } = running
    this.#running = null
    this.#verdict = null
    const { active, probation } = this.#slots
    log.info({ how, manifest_digest: child.manifestDigest }, 'agent ended')
    if (this.#stopping || child.manifestDigest !== active?.manifest_digest) return
    if (probation !== null) {
      const said_hello = probation.said_hello || child.saidHello
      this.#startNotBefore = now + PROBATION_PAUSE_MS
      this.#save({
        ...this.#slots,
        probation: { ...probation, exits: probation.exits + 1, said_hello },
      })
      return
    }
    if (now - child.startedAt >= GOOD_RUN_MS) this.#failures = 0
    this.#backOff()
  }

  #backOff(): void {
    const { clock, random } = this.#needs
    this.#failures += 1
    const pause = Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** (this.#failures - 1))
    this.#startNotBefore = clock.monotonic() + jittered(random, pause, 0.25)
  }

  async #stopChild(why: string): Promise<void> {
    const running = this.#running
    if (running === null) return
    this.#needs.log.info(
      { why, manifest_digest: running.child.manifestDigest },
      'stopping the agent',
    )
    const skipped = this.#slots.skip.some((s) => s.manifest_digest === running.child.manifestDigest)
    const failed = skipped || running.child.broken || !running.child.saidHello
    await running.agent.stop(failed ? FAILED_STOP_GRACE_MS : STOP_GRACE_MS + running.stopTimeoutMs)
  }

  /** In memory first: a full disk may delay what is written down, but never a way back. */
  #save(slots: Slots): void {
    this.#slots = slots
    try {
      saveSlots(this.#needs.layout.slots, slots)
      this.#slotsSaved = true
    } catch (error) {
      // Best effort: written again at the next turn; until then a crash asks the same question
      // again.
      this.#needs.log.error({ chain: causeChain(error) }, 'the slots could not be written')
      this.#slotsSaved = false
    }
    this.#tellSlots()
  }

  #tellSlots(): void {
    const message = slotsMessage(this.#slots)
    const isRunning = this.#running?.child.manifestDigest === message?.active.manifest_digest
    if (message !== null && isRunning) this.#running?.agent.send(message)
  }

  async #waitUntil(until: number): Promise<void> {
    if (this.#woken) return
    const { clock } = this.#needs
    const most = this.#slotsSaved ? WAIT_MAX_MS : RETRY_MS
    const sleep = clock.sleep(Math.max(0, Math.min(until - clock.monotonic(), most)))
    this.#wake = sleep.cancel
    await sleep.done
    this.#wake = () => {}
  }

  #rouse(): void {
    this.#woken = true
    this.#wake()
  }
}

/**
 * The agent: one version of it, started by the launcher in its version directory. It says hello,
 * waits to be told the slots, and then does four things side by side: run the payload, converse
 * with the server, carry out updates, answer `status`. It ends when it is told to, or when its
 * launcher is gone.
 */
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import { causeChain } from '../base/fault.ts'
import { newId, type RunId } from '../base/ids.ts'
import { invariant } from '../base/invariant.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import type { Facts } from '../contract/agent/facts.ts'
import type { Installation } from '../contract/agent/installation.ts'
import { LAUNCHER_PROTOCOL } from '../contract/manifest.ts'
import { type AnsweredCheckIn, CheckInLoop } from './check-in-loop.ts'
import { ClusterUpgrader } from './cluster/cluster-upgrader.ts'
import type { Pod } from './cluster/pod.ts'
import type { Machine } from './facts/machine.ts'
import { machineId } from './facts/machine-id.ts'
import { loadIdentity } from './identity.ts'
import { judge } from './judge.ts'
import type { LauncherMessage, SlotsMessage } from './launcher/control.ts'
import { connectLauncher, type LauncherLink } from './launcher-link.ts'
import type { Layout } from './layout.ts'
import type { Environment, Processes } from './machine/processes.ts'
import { trustedKeysOf, type VerifiedManifest } from './manifest.ts'
import { Payload } from './payload.ts'
import { checkInRequestOf } from './report.ts'
import { type Fetch, LINK_LIMITS, ServerLink } from './server-link.ts'
import type { ServeStatus, Status } from './status.ts'
import { makeStatusDoor } from './status-door.ts'
import { Updater } from './update/updater.ts'

/** A sixth of what the launcher allows. */
const ALIVE_EVERY_MS = 10_000
/** Facts change seldom, and reading them costs more than a check-in. */
const FACTS_EVERY_MS = 10 * 60_000
/** Said again while on probation, so that one lost message costs no version its probation. */
const JUDGE_EVERY_MS = 1_000

export type AgentNeeds = {
  readonly layout: Layout
  readonly versionFolder: string
  readonly version: VerifiedManifest
  readonly installation: Installation
  readonly environment: Environment
  readonly machine: Machine
  readonly processes: Processes
  readonly input: Readable
  readonly output: Writable
  /** Null on a machine of its own. */
  readonly pod: Pod | null
  readonly fetch: Fetch
  readonly serveStatus: ServeStatus
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export class Agent {
  readonly #needs: AgentNeeds
  readonly #launcher: LauncherLink
  readonly #conversation: CheckInLoop
  readonly #updater: Updater
  readonly #cluster: ClusterUpgrader | null
  readonly #payload: Payload | null
  readonly #runId: RunId
  #statusServer: ReturnType<ServeStatus> | null = null
  #slots: SlotsMessage | null = null
  #facts: { readonly facts: Facts; readonly at: number } | null = null
  #isToldWhatRuns: () => void = () => {}
  #isToldToStop: () => void = () => {}
  readonly #told: Promise<void>
  readonly #stopped: Promise<void>
  #isStopping = false
  #isJudging = false

  constructor(needs: AgentNeeds) {
    this.#needs = needs
    this.#runId = newId<RunId>(needs.random)
    this.#told = new Promise((resolve) => {
      this.#isToldWhatRuns = resolve
    })
    this.#stopped = new Promise((resolve) => {
      this.#isToldToStop = resolve
    })
    this.#launcher = connectLauncher(needs, {
      onMessage: (message) => this.#hear(message),
      onEnd: () => this.stop(),
    })
    const link = this.#serverLink()
    this.#conversation = this.#newConversation(link)
    this.#updater = this.#newUpdater(link)
    this.#cluster = this.#newClusterUpgrader()
    this.#payload = this.#newPayload()
  }

  stop(): void {
    this.#isStopping = true
    this.#isToldToStop()
    this.#isToldWhatRuns()
  }

  /** Runs until it is told to stop; its payload has stopped then, too. */
  async run(): Promise<void> {
    const { version, log } = this.#needs
    const { manifest } = version
    this.#launcher.tell({ kind: 'hello', protocol: LAUNCHER_PROTOCOL, version: manifest.version })
    const alive = this.#every(ALIVE_EVERY_MS, () => this.#launcher.tell({ kind: 'alive' }))
    await this.#told
    if (!this.#isStopping) {
      log.info({ version: manifest.version, run_id: this.#runId }, 'agent is up')
      this.#payload?.start()
      this.#statusServer = this.#openStatus()
      // Before the first word to the server: what it is told depends on it.
      await this.#cluster?.turn()
      const loops = [this.#conversation.run(), this.#updater.run(), this.#cluster?.run()]
      await Promise.race([this.#stopped, ...loops.filter((loop) => loop !== undefined)])
    }
    this.stop()
    this.#conversation.stop()
    this.#updater.stop()
    this.#cluster?.stop()
    this.#statusServer?.close()
    await this.#payload?.stop()
    await alive
  }

  #hear(message: LauncherMessage): void {
    if (message.kind === 'switch-refused') {
      this.#updater.hearSwitchRefused(message)
      return
    }
    const isNews = this.#slots !== null
    this.#slots = message
    if (message.probation !== null && !this.#isJudging) void this.#judgeOnProbation()
    this.#updater.hearSlots(message)
    this.#isToldWhatRuns()
    if (isNews) this.#conversation.hasNews()
  }

  #answered({ request, reply, sentAt }: AnsweredCheckIn): void {
    const { instruction } = reply
    if (reply.acknowledged_attempt !== null) this.#updater.acknowledge(reply.acknowledged_attempt)
    if (reply.acknowledged_attempt !== null) this.#cluster?.acknowledge(reply.acknowledged_attempt)
    this.#updater.take({ instruction, reported: request.attempt, sentAt })
    this.#cluster?.take(instruction, sentAt)
    this.#judge()
  }

  #judge(): void {
    if (this.#slots === null || this.#slots.probation === null) return
    const hasCheckedIn = this.#conversation.conversation().lastCheckIn !== null
    const verdict = judge({ hasCheckedIn, payload: this.#payload?.health() ?? null })
    if (verdict !== null) this.#launcher.tell(verdict)
  }

  /** In a cluster the machine is the node's, and what is known of the cluster changes. */
  #currentFacts(): Facts {
    const facts = this.#machineFacts()
    const { pod } = this.#needs
    if (this.#cluster === null || pod === null) return facts
    return {
      ...facts,
      hostname: pod.nodeName === '' ? facts.hostname : pod.nodeName,
      machine_id: facts.machine_id === '' ? this.#cluster.machineId() : facts.machine_id,
      cluster: this.#cluster.facts(),
    }
  }

  #machineFacts(): Facts {
    const { clock, layout, random, installation, machine } = this.#needs
    const now = clock.monotonic()
    if (this.#facts !== null && now < this.#facts.at + FACTS_EVERY_MS) return this.#facts.facts
    const facts = machine.facts({
      machine_id: machineId(layout, machine, random),
      endpoint_tags: installation.endpoint_tags,
      installed_at: this.#installedAt(),
    })
    this.#facts = { facts, at: now }
    return facts
  }

  #installedAt(): number {
    const before = this.#facts?.facts.installed_at
    return (
      before ?? loadIdentity(this.#needs.layout.identity)?.installed_at ?? this.#needs.clock.now()
    )
  }

  #serverLink(): ServerLink {
    const { installation, fetch, clock, random, log } = this.#needs
    return new ServerLink({
      serverUrl: installation.server_url,
      proxies: installation.proxy,
      fetch,
      clock,
      random,
      log,
      limits: LINK_LIMITS,
    })
  }

  #newConversation(link: ServerLink): CheckInLoop {
    const { layout, installation, clock, random, log } = this.#needs
    return new CheckInLoop({
      link,
      installation,
      identityPath: layout.identity,
      runId: this.#runId,
      clock,
      random,
      log,
      facts: () => this.#currentFacts(),
      request: (sendFacts) =>
        checkInRequestOf({
          runId: this.#runId,
          slots: this.#knownSlots(),
          facts: this.#currentFacts(),
          sendFacts,
          payload: this.#payload?.health() ?? null,
          attempt: this.#updater.report() ?? this.#cluster?.report() ?? null,
        }),
      onReply: (answered) => this.#answered(answered),
    })
  }

  #newClusterUpgrader(): ClusterUpgrader | null {
    const { pod, fetch, clock, random, log } = this.#needs
    if (pod === null) return null
    return new ClusterUpgrader({
      pod,
      fetch,
      clock,
      random,
      log,
      endpointId: () => this.#conversation.conversation().endpointId,
      onNews: () => this.#conversation.hasNews(),
    })
  }

  #newUpdater(link: ServerLink): Updater {
    const { layout, installation, machine, clock, random, log, version } = this.#needs
    return new Updater({
      layout,
      link,
      clock,
      random,
      log,
      trustedKeys: trustedKeysOf(installation),
      fit: {
        version: version.manifest.version,
        ...machine.target,
        launcherProtocol: LAUNCHER_PROTOCOL,
      },
      authorization: () => this.#conversation.authorization(),
      tellLauncher: (message) => this.#launcher.tell(message),
      onNews: () => this.#conversation.hasNews(),
    })
  }

  #newPayload(): Payload | null {
    const { version, versionFolder, environment, processes, clock, random, log } = this.#needs
    const { payload } = version.manifest
    if (payload === null) return null
    return new Payload({
      payload,
      versionFolder,
      environment,
      processes,
      clock,
      random,
      log,
      onChange: () => {
        this.#judge()
        this.#conversation.hasNews()
      },
    })
  }

  /** Never asked before the launcher has told them. */
  #knownSlots(): SlotsMessage {
    invariant(this.#slots !== null, 'no check-in before the slots are known')
    return this.#slots
  }

  #openStatus(): ReturnType<ServeStatus> | null {
    const { layout, random, log, serveStatus } = this.#needs
    try {
      return serveStatus(makeStatusDoor(layout.status, random), log, () => this.#status())
    } catch (error) {
      // Best effort: on a full disk an agent that works is worth more than one that can be asked.
      log.warn({ chain: causeChain(error) }, 'status is not served')
      return null
    }
  }

  #status(): Status {
    const { endpointId, lastCheckIn, lastError } = this.#conversation.conversation()
    const health = this.#payload?.health() ?? null
    return {
      running: true,
      endpoint_id: endpointId,
      server_url: this.#needs.installation.server_url,
      version: this.#slots?.active.version ?? null,
      backup: this.#slots?.backup?.version ?? null,
      on_probation: this.#slots !== null && this.#slots.probation !== null,
      last_check_in:
        lastCheckIn === null
          ? null
          : Temporal.Instant.fromEpochMilliseconds(lastCheckIn).toString(),
      last_error: lastError,
      payload: health === null ? null : { status: health.status, reason: health.reason },
      attempt: this.#updater.report() ?? this.#cluster?.report() ?? null,
      skipped: this.#slots?.skip ?? [],
    }
  }

  /**
   * That the payload has run long enough is no event: it is looked at while it matters, and only
   * then.
   */
  async #judgeOnProbation(): Promise<void> {
    this.#isJudging = true
    const isOver = () => this.#slots === null || this.#slots.probation === null
    await this.#every(JUDGE_EVERY_MS, () => this.#judge(), isOver)
    this.#isJudging = false
  }

  /** Until the agent stops, or `isOver` says so. */
  async #every(ms: number, act: () => void, isOver = () => false): Promise<void> {
    while (!this.#isStopping && !isOver()) {
      const sleep = this.#needs.clock.sleep(ms)
      await Promise.race([sleep.done, this.#stopped])
      sleep.cancel()
      if (!this.#isStopping) act()
    }
  }
}

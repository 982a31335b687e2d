/**
 * A small fleet in memory that is upgraded by the real decisions: what the store would keep, what
 * agents do with what they are told, and a clock. Whatever a test makes of it, nothing here chooses
 * by itself. The store's part is the picture and the saving, as short as can be.
 */
import type { Instant } from '../../base/clock.ts'
import type { Digest } from '../../base/digest.ts'
import type { AttemptId, EndpointId, RunId } from '../../base/ids.ts'
import {
  DISTRIBUTION,
  digest,
  NOW,
  sampleCheckIn,
  sampleState,
  sampleUpgrade,
  version,
} from '../_samples.ts'
import type { EndpointState } from '../endpoint/endpoint.ts'
import {
  type CheckIn,
  type CheckInReceived,
  decideReceiveCheckIn,
} from '../endpoint/receive-check-in.ts'
import { berthStandsMs, holdsBerth } from '../upgrade/berth.ts'
import { endOverdue } from '../upgrade/end-overdue.ts'
import type { AttemptProgress } from '../upgrade/record-outcome.ts'
import { isFinished, isWaiting, type Upgrade } from '../upgrade/upgrade.ts'
import { assignWaves } from './assign-waves.ts'
import { checkPlan } from './check-plan.ts'
import { EMPTY_TALLY, type FleetPicture, type WaveTally } from './picture.ts'
import { planRollouts } from './plan-rollouts.ts'
import type { RolloutPolicy } from './policy.ts'
import { newRollout, type Rollout } from './rollout.ts'
import { decidePause, decideResume, decideSkipWave, type Steered } from './steer-rollout.ts'

const LIMITS = { intervalS: 60, probationS: 300, closedDays: [], timeZone: 'UTC' }
const STANDS_MS = berthStandsMs(LIMITS.intervalS)
const HEARD_MS = 210_000
const NEW = digest('release 2')
const FAILED: ReadonlySet<string> = new Set(['rolled-back', 'failed', 'timed-out'])

export type ModelAgent = {
  readonly id: EndpointId
  /** The new version does not come up there, or is unwell later. */
  readonly fate: 'fine' | 'bad' | 'unwell'
  state: EndpointState
  lastSeen: Instant
  runId: number
  digest: Digest
  isUnwell: boolean
  attempt: AttemptProgress | null
  /** What it said before, oldest first: any of it may come again. */
  readonly said: CheckIn[]
}

export class Model {
  now: Instant = NOW
  rollout: Rollout
  readonly berths: number
  readonly agents: readonly ModelAgent[]
  readonly upgrades = new Map<EndpointId, Upgrade>()
  readonly #byId: ReadonlyMap<EndpointId, ModelAgent>
  #attempts = 0

  constructor(fates: readonly ModelAgent['fate'][], policy: RolloutPolicy, berths: number) {
    this.berths = berths
    this.agents = fates.map((fate, index) => newAgent(index, fate))
    this.#byId = new Map(this.agents.map((agent) => [agent.id, agent]))
    const assigned = assignWaves(this.agents.map(memberOf), policy, '1')
    if (!assigned.ok) throw new Error(assigned.refusal.code)
    const { waves, waveOf } = assigned.value
    this.rollout = { actionId: 7 as Rollout['actionId'], ...newRollout(policy, waves, NOW) }
    for (const { id } of this.agents) {
      const expiresAt = NOW + 30 * 86_400_000
      const wave = waveOf.get(id) ?? 0
      this.upgrades.set(id, sampleUpgrade({ endpointId: id, wave, expiresAt }))
    }
  }

  /** Plans until there is nothing to plan; how many rounds that took. */
  tick(): number {
    for (let round = 1; ; round += 1) {
      const picture = this.#picture()
      const plan = planRollouts(picture, this.now)
      const broken = checkPlan(picture, plan, this.now)
      if (broken.length > 0) throw new Error(broken.join('; '))
      const [own] = plan.rollouts
      if (own === undefined || (own.next === own.before && own.berths.length === 0)) return round
      this.#steer({ rollout: own.next, takesBack: own.takesBack })
      for (const id of own.berths) {
        this.#change(id, (waits) => ({ ...waits, deadlineAt: this.now + STANDS_MS }))
      }
    }
  }

  endOverdue(): void {
    for (const { id } of this.agents) this.#change(id, (upgrade) => endOverdue(upgrade, this.now))
  }

  pause(): void {
    const paused = decidePause(this.rollout, { message: null, now: this.now })
    if (paused.ok) this.#steer(paused.value)
  }

  resume(): void {
    const tallies = this.tallies()
    const resumed = decideResume(this.rollout, tallies, { message: null, now: this.now })
    if (resumed.ok) this.#steer(resumed.value)
  }

  skip(): void {
    const skipped = decideSkipWave(this.rollout, { message: null, now: this.now })
    if (skipped.ok) this.#steer(skipped.value)
  }

  /** It says how it is, and obeys the answer unless that is lost. */
  checkIn(agent: ModelAgent, isHeard: boolean): void {
    const report = this.#report(agent)
    agent.said.push(report)
    const received = this.#receive(agent, report)
    if (isHeard) obey(agent, received)
  }

  /** What it said a while ago comes once more. */
  repeat(agent: ModelAgent, back: number): void {
    const report = agent.said.at(-1 - back)
    if (report !== undefined) this.#receive(agent, report)
  }

  tallies(): readonly WaveTally[] {
    return this.rollout.waves.map((_, wave) => this.#tally(wave))
  }

  ofWave(wave: number): readonly Upgrade[] {
    return [...this.upgrades.values()].filter((upgrade) => upgrade.wave === wave)
  }

  inFlight(): number {
    return [...this.upgrades.values()].filter(holdsBerth).length
  }

  #tally(wave: number): WaveTally {
    const own = this.ofWave(wave)
    const count = (such: (upgrade: Upgrade) => boolean) => own.filter(such).length
    const agentOf = (upgrade: Upgrade) => this.#byId.get(upgrade.endpointId)
    const isHeard = (upgrade: Upgrade) =>
      (agentOf(upgrade)?.lastSeen ?? Number.NEGATIVE_INFINITY) >= this.now - HEARD_MS
    const waits = (upgrade: Upgrade) => isWaiting(upgrade.state) && !holdsBerth(upgrade)
    const succeeded = (upgrade: Upgrade) => upgrade.state === 'succeeded'
    const failed = (upgrade: Upgrade) => FAILED.has(upgrade.state) && upgrade.attemptId !== null
    return {
      ...EMPTY_TALLY,
      waiting: count(waits),
      inFlight: count(holdsBerth),
      succeeded: count(succeeded),
      failed: count(failed),
      endedOtherwise: count((each) => isFinished(each.state) && !succeeded(each) && !failed(each)),
      waitingConnected: count((each) => waits(each) && isHeard(each)),
      troubled: count(
        (each) => succeeded(each) && agentOf(each)?.state.health.status === 'unhealthy',
      ),
      silent: count((each) => succeeded(each) && !isHeard(each)),
    }
  }

  #picture(): FleetPicture {
    const candidates = this.agents
      .filter(({ lastSeen }) => lastSeen >= this.now - HEARD_MS)
      .flatMap(({ id }) => this.upgrades.get(id) ?? [])
      .filter((upgrade) => upgrade.state === 'queued' && !holdsBerth(upgrade))
      .filter(({ notBefore }) => notBefore === null || notBefore <= this.now)
      .map(({ endpointId, wave, zone }) => ({ endpointId, wave, zone, cluster: null }))
      .sort((left, right) => left.wave - right.wave)
    const { rollout } = this
    const own = { rollout, window: null, zones: ['UTC'], tallies: this.tallies(), candidates }
    const berthsFree = Math.max(0, this.berths - this.inFlight())
    const calendar = { closedDays: [], probationS: LIMITS.probationS }
    return { rollouts: [own], berthsFree, movingClusters: [], calendar }
  }

  #receive(agent: ModelAgent, report: CheckIn): CheckInReceived {
    const open = this.upgrades.get(agent.id)
    const isOpen = open !== undefined && !isFinished(open.state)
    const isReported = report.attempt !== null && open?.attemptId === report.attempt.attemptId
    const view = {
      endpoint: { id: agent.id, distributionId: DISTRIBUTION, state: agent.state },
      isDeleted: false,
      open: isOpen ? open : null,
      reported: isReported ? (open ?? null) : null,
      isReleaseOffered: true,
      rollout: isOpen ? this.rollout : null,
      cluster: null,
    }
    const received = decideReceiveCheckIn(view, report, LIMITS, this.now)
    for (const upgrade of received.upgrades) this.upgrades.set(agent.id, upgrade)
    agent.state = received.endpoint ?? agent.state
    agent.lastSeen = this.now
    return received
  }

  #report(agent: ModelAgent): CheckIn {
    this.#attempts += 1
    const status = agent.isUnwell ? ('unhealthy' as const) : ('healthy' as const)
    return sampleCheckIn({
      runId: `life ${agent.runId} of ${agent.id}` as RunId,
      manifestDigest: agent.digest,
      version: version(agent.digest === NEW ? '1.0.0.2' : '1.0.0.1'),
      health: { status, details: [] },
      attempt: agent.attempt,
      newAttemptId: `attempt ${this.#attempts}` as AttemptId,
    })
  }

  #steer({ rollout, takesBack }: Steered): void {
    this.rollout = rollout
    if (!takesBack) return
    for (const { id } of this.agents) {
      this.#change(id, (upgrade) =>
        isWaiting(upgrade.state) ? { ...upgrade, state: 'queued', deadlineAt: null } : upgrade,
      )
    }
  }

  #change(id: EndpointId, how: (upgrade: Upgrade) => Upgrade): void {
    const upgrade = this.upgrades.get(id)
    if (upgrade !== undefined && !isFinished(upgrade.state)) this.upgrades.set(id, how(upgrade))
  }
}

function newAgent(index: number, fate: ModelAgent['fate']): ModelAgent {
  const id = String(index).padStart(32, '0') as EndpointId
  const state = sampleState({ runId: `life 0 of ${id}` as RunId })
  const before = { lastSeen: NOW, runId: 0, digest: digest('release 1'), isUnwell: false }
  return { id, fate, state, ...before, attempt: null, said: [] }
}

function memberOf({ id }: ModelAgent) {
  const alike = { target: 'linux x64', distributionId: 'web', tags: [], cluster: null }
  return { endpointId: id, ...alike, isConnected: true }
}

/** As an agent does: it begins what it is offered, and switches only when it just was allowed. */
function obey(agent: ModelAgent, { instruction, acknowledgedAttempt }: CheckInReceived): void {
  const { attempt } = agent
  if (attempt !== null && attempt.attemptId === acknowledgedAttempt) agent.attempt = null
  else if (attempt !== null && instruction.kind === 'cancel') {
    const isBefore = attempt.state === 'downloading' || attempt.state === 'staged'
    if (isBefore && attempt.attemptId === instruction.attemptId) {
      agent.attempt = { ...attempt, state: 'failed', reason: 'cancelled' }
    }
  } else if (instruction.kind === 'upgrade') {
    const { attemptId, maySwitch } = instruction
    if (attempt === null) agent.attempt = progressOf(attemptId)
    else if (maySwitch && attempt.state === 'staged' && attempt.attemptId === attemptId) {
      agent.attempt = { ...attempt, state: 'switching' }
    }
  }
}

function progressOf(attemptId: AttemptId): AttemptProgress {
  const nothing = { percent: 0, bytesDone: 0, bytesTotal: 10, reason: null, message: null }
  return { attemptId, state: 'downloading', ...nothing }
}

/** One step of its work, where nobody needs to be asked; `isLucky`: the network is there. */
export function work(agent: ModelAgent, isLucky: boolean): void {
  const { attempt, fate } = agent
  if (attempt === null) {
    if (agent.digest === NEW && fate === 'unwell') agent.isUnwell = true
  } else if (attempt.state === 'downloading') {
    const failed = { state: 'failed', reason: 'download-failed' } as const
    agent.attempt = { ...attempt, ...(isLucky ? { state: 'staged' as const } : failed) }
  } else if (attempt.state === 'switching') {
    agent.runId += 1
    agent.digest = NEW
    agent.attempt = { ...attempt, state: 'on-probation' }
  } else if (attempt.state === 'on-probation' && fate === 'bad') {
    agent.runId += 1
    agent.digest = digest('release 1')
    agent.attempt = { ...attempt, state: 'rolled-back', reason: 'exited' }
  } else if (attempt.state === 'on-probation') {
    agent.attempt = { ...attempt, state: 'succeeded', percent: 100 }
  }
}

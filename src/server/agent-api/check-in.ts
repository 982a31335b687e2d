/**
 * The check-in door. Most check-ins change nothing, and there are very many of them: those are
 * answered from one read that they share with everybody who called in the same moment, and at most
 * move their `last_seen` on. What does change something, or tells of an attempt, is decided inside
 * a transaction that they share too (check-in-writes.ts) and that holds the endpoint's row, so that
 * a decision is always made on what is true when it is saved. An offer needs nothing else: its
 * berth was given before, by the planner. Only who is to lead a cluster holds what all leaders
 * hold, behind the endpoint's row: in this order everywhere, so that no two wait for each other.
 */
import type { Clock, Instant } from '../../base/clock.ts'
import type { Digest } from '../../base/digest.ts'
import { causeChain } from '../../base/fault.ts'
import { type AttemptId, newId, type RunId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import type { AgentVersion } from '../../base/version.ts'
import {
  CHECK_IN_BYTES_MAX,
  type CheckInReply,
  type CheckInRequest,
  checkInRequest,
  type Instruction,
} from '../../contract/agent/check-in.ts'
import { parse, sentenceOf } from '../../contract/parse.ts'
import type { CheckInLimits } from '../../domain/endpoint/check-in-view.ts'
import { fingerprintOf } from '../../domain/endpoint/fingerprint.ts'
import type { CheckInInstruction } from '../../domain/endpoint/instruct.ts'
import {
  type CheckIn,
  type CheckInReceived,
  decideReceiveCheckIn,
  nothingNew,
} from '../../domain/endpoint/receive-check-in.ts'
import { isFinished } from '../../domain/upgrade/upgrade.ts'
import type { LiveConfiguration } from '../configuration.ts'
import type { AgentAnswer, AgentRoute } from '../http/agent-route.ts'
import type { CheckInViews } from './check-in-views.ts'
import type { CheckInWrites } from './check-in-writes.ts'
import { type Credential, readCredential } from './credential.ts'
import { factsIn } from './facts-in.ts'
import { refusal, unauthorised } from './refusal.ts'

export type CheckInNeeds = {
  readonly clock: Clock
  readonly random: Random
  readonly checkInLimits: Omit<CheckInLimits, 'closedDays' | 'timeZone'>
  readonly checkInViews: CheckInViews
  readonly checkInWrites: CheckInWrites
  readonly configuration: LiveConfiguration
  /** An upgrade has ended: somebody else may have its berth. */
  readonly wakeRollouts: () => void
  /** The image of a version, as a pod names it. */
  readonly clusterImage: (version: AgentVersion) => Promise<string>
  readonly log: Log
}

export const checkInDoor: AgentRoute<CheckInNeeds> = {
  method: 'POST',
  path: '/agent/v1/check-in',
  bodyBytesMax: CHECK_IN_BYTES_MAX,
  async answer(needs, request) {
    const credential = readCredential(request.headers.authorization)
    if (credential === null) return unauthorised()
    const parsed = parse(checkInRequest, request.body)
    if (!parsed.ok) return refusal(400, 'invalid-request', sentenceOf(parsed.refusal))
    const checkIn = toCheckIn(parsed.value, needs.random)
    return await receive(needs, credential, checkIn)
  },
}

async function receive(
  needs: CheckInNeeds,
  credential: Credential,
  checkIn: CheckIn,
): Promise<AgentAnswer> {
  const now = needs.clock.now()
  const isInAttempt = checkIn.attempt !== null
  const asked = { fingerprint: fingerprintOf(checkIn), isInAttempt, at: now }
  const found = await needs.checkInViews.run({ credential, checkIn: asked })
  if (found.kind === 'refused') return unauthorised()
  const { closedDays, timeZone } = (await needs.configuration.current()).rollout
  const limits = { ...needs.checkInLimits, closedDays, timeZone }
  if (found.kind === 'nothing-new') return answerWith(needs, nothingNew(limits), now)
  if (found.kind === 'view') {
    const seen = decideReceiveCheckIn(found.view, checkIn, limits, now)
    if (!changesSomething(seen)) return answerWith(needs, seen, now)
  }
  const written = await needs.checkInWrites.run({ credential, checkIn, limits, now })
  if (written.kind === 'failed') throw written.error
  const { received } = written
  if (received?.upgrades.some(({ state }) => isFinished(state))) needs.wakeRollouts()
  return answerWith(needs, received, now)
}

function changesSomething(seen: CheckInReceived): boolean {
  return seen.endpoint !== null || seen.isRestored || seen.upgrades.length > 0
}

function toCheckIn(wire: CheckInRequest, random: Random): CheckIn {
  return {
    runId: wire.run_id as RunId, // The schema checked the spelling of ids, versions and digests.
    version: wire.agent_version as AgentVersion,
    manifestDigest: wire.manifest_digest as Digest,
    factsDigest: wire.facts_digest as Digest,
    facts: wire.facts === null ? null : factsIn(wire.facts),
    health: wire.health,
    attempt: wire.attempt === null ? null : toProgress(wire.attempt),
    skipped: wire.skipped.map((skipped) => {
      return { manifestDigest: skipped.manifest_digest as Digest, reason: skipped.reason }
    }),
    newAttemptId: newId<AttemptId>(random),
  }
}

function toProgress(attempt: NonNullable<CheckInRequest['attempt']>): CheckIn['attempt'] {
  return {
    attemptId: attempt.attempt_id as AttemptId,
    state: attempt.phase === 'accepted' ? 'downloading' : attempt.phase,
    percent: attempt.percent,
    bytesDone: attempt.bytes_done,
    bytesTotal: attempt.bytes_total,
    reason: attempt.reason,
    message: attempt.message,
  }
}

async function answerWith(
  needs: CheckInNeeds,
  decided: CheckInReceived | null,
  now: Instant,
): Promise<AgentAnswer> {
  if (decided === null) return unauthorised()
  const reply: CheckInReply = {
    server_time: now,
    interval_s: decided.intervalS,
    want_facts: decided.wantFacts,
    acknowledged_attempt: decided.acknowledgedAttempt,
    instruction: await instructionOut(needs, decided.instruction),
  }
  return { kind: 'json', status: 200, body: reply }
}

async function instructionOut(
  needs: CheckInNeeds,
  instruction: CheckInInstruction,
): Promise<Instruction> {
  switch (instruction.kind) {
    case 'nothing':
    case 'enrol-as-copy':
      return { kind: instruction.kind }
    case 'cancel':
      return { kind: 'cancel', attempt_id: instruction.attemptId }
    case 'upgrade':
      return {
        kind: 'upgrade',
        attempt_id: instruction.attemptId,
        version: instruction.upgrade.targetVersion,
        manifest_digest: instruction.upgrade.manifestDigest,
        start_within_s: instruction.startWithinS,
        probation_s: instruction.probationS,
        download_rate_max: instruction.downloadRateMax,
        retry_skipped: instruction.upgrade.retrySkipped,
        may_switch: instruction.maySwitch,
        switch_within_s: instruction.switchWithinS,
      }
    case 'upgrade-cluster':
      return await upgradeClusterOut(needs, instruction)
  }
}

async function upgradeClusterOut(
  needs: CheckInNeeds,
  instruction: Extract<CheckInInstruction, { kind: 'upgrade-cluster' }>,
): Promise<Instruction> {
  const { targetVersion: version } = instruction.upgrade
  try {
    return {
      kind: 'upgrade-cluster',
      attempt_id: instruction.attemptId,
      version,
      image: await needs.clusterImage(version),
      start_within_s: instruction.startWithinS,
      ready_within_s: instruction.readyWithinS,
    }
  } catch (error) {
    // Best effort: the offer stands, and the agent asks again; meanwhile it may be made.
    needs.log.error({ version, chain: causeChain(error) }, 'there is no image for a cluster')
    return { kind: 'nothing' }
  }
}

/**
 * The check-in door. Most check-ins change nothing, and there are very many of them: those are
 * answered from one read that they share with everybody who called in the same moment, and at most
 * move their `last_seen` on. What does change something is decided again inside a transaction that
 * holds the endpoint's row, so that a decision is always made on what is true when it is saved. An
 * offer needs nothing else: its berth was given before, by the planner. Only who is to lead a
 * cluster holds what all leaders hold, behind the endpoint's row: in this order everywhere, so that
 * no two wait for each other.
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
import type { Endpoint } from '../../domain/endpoint/endpoint.ts'
import { fingerprintOf } from '../../domain/endpoint/fingerprint.ts'
import type { CheckInInstruction } from '../../domain/endpoint/instruct.ts'
import {
  type CheckIn,
  type CheckInLimits,
  type CheckInReceived,
  decideReceiveCheckIn,
  nothingNew,
} from '../../domain/endpoint/receive-check-in.ts'
import { isFinished } from '../../domain/upgrade/upgrade.ts'
import { type AuditEntry, SERVER_PARTY, saveAudit } from '../../store/audit.ts'
import {
  lockCheckInView,
  reloadCluster,
  type StoredCheckInView,
  saveCheckIn,
} from '../../store/check-ins.ts'
import { holdClusters } from '../../store/clusters.ts'
import type { Database, Writer } from '../../store/open.ts'
import type { LiveConfiguration } from '../configuration.ts'
import type { AgentAnswer, AgentRoute } from '../http/agent-route.ts'
import type { CheckInViews } from './check-in-views.ts'
import { type Credential, isAuthentic, readCredential } from './credential.ts'
import { factsIn } from './facts-in.ts'
import { refusal, unauthorised } from './refusal.ts'

export type CheckInNeeds = {
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly checkInLimits: Omit<CheckInLimits, 'closedDays'>
  readonly checkInViews: CheckInViews
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
  const attemptId = checkIn.attempt?.attemptId ?? null
  const asked = { fingerprint: fingerprintOf(checkIn), attemptId, at: now }
  const found = await needs.checkInViews.run({ credential, checkIn: asked })
  if (found.kind === 'refused') return unauthorised()
  const { closedDays } = (await needs.configuration.current()).rollout
  const limits = { ...needs.checkInLimits, closedDays }
  if (found.kind === 'nothing-new') return answerWith(needs, nothingNew(limits), now)
  const moment = { checkIn, limits, now }
  const seen = decideReceiveCheckIn(found.view, checkIn, limits, now)
  if (!changesSomething(seen)) return answerWith(needs, seen, now)
  return answerWith(needs, await decideAndSave(needs, credential, moment), now)
}

type Moment = {
  readonly checkIn: CheckIn
  readonly limits: CheckInLimits
  readonly now: Instant
}

/** Null: the credential is not, or no longer, an endpoint's. */
async function decideAndSave(
  needs: CheckInNeeds,
  credential: Credential,
  { checkIn, limits, now }: Moment,
): Promise<CheckInReceived | null> {
  const { endpointId } = credential
  const attemptId = checkIn.attempt?.attemptId ?? null
  const decided = await needs.database.write(async (tx) => {
    const held = await lockCheckInView(tx, { endpointId, attemptId })
    if (held === null || !isAuthentic(held, credential)) return null
    const decided = await decideHeld(tx, held, { checkIn, limits, now })
    await saveCheckIn(tx, endpointId, decided, now)
    if (decided.isRestored) await saveAudit(tx, restored(held.endpoint, now))
    return decided
  })
  if (decided?.upgrades.some(({ state }) => isFinished(state))) needs.wakeRollouts()
  return decided
}

/** Whether another endpoint leads the cluster is asked again by whoever would lead it. */
async function decideHeld(
  tx: Writer,
  held: StoredCheckInView,
  { checkIn, limits, now }: Moment,
): Promise<CheckInReceived> {
  const decided = decideReceiveCheckIn(held, checkIn, limits, now)
  if (!decided.takesLead) return decided
  await holdClusters(tx)
  // Behind that: whoever of the cluster led first has committed.
  const cluster = await reloadCluster(tx, held)
  return decideReceiveCheckIn({ ...held, cluster }, checkIn, limits, now)
}

function changesSomething(seen: CheckInReceived): boolean {
  return seen.endpoint !== null || seen.isRestored || seen.upgrades.length > 0
}

function restored({ id, state }: Endpoint, now: Instant): AuditEntry {
  return {
    at: now,
    by: { ...SERVER_PARTY, name: `endpoint:${id}` },
    action: 'endpoint.restore',
    subject: id,
    result: 'success',
    reason: null,
    description: `Restored ${state.facts.hostname}, which was deleted and checked in again`,
    before: { deleted: true },
    after: { deleted: false, hostname: state.facts.hostname },
  }
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

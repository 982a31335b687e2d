/**
 * The check-in door. Most check-ins change nothing, and there are very many of them: those are
 * answered from one read that they share with everybody who called in the same moment, and at most
 * move their `last_seen` on. What does change something is decided again inside a transaction that
 * holds the endpoint's row, so that a decision is always made on what is true when it is saved. An
 * offer needs a berth as well, which is taken after the endpoint's row and before anything is
 * saved: in this order everywhere, so that no two wait for each other.
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
import {
  type CheckIn,
  type CheckInInstruction,
  type CheckInLimits,
  type CheckInReceived,
  type CheckInView,
  decideReceiveCheckIn,
  nothingNew,
} from '../../domain/endpoint/receive-check-in.ts'
import { type AuditEntry, SERVER_PARTY, saveAudit } from '../../store/audit.ts'
import {
  lockCheckInView,
  reloadCluster,
  type StoredCheckInView,
  saveCheckIn,
} from '../../store/check-ins.ts'
import type { Database } from '../../store/open.ts'
import type { AgentAnswer, AgentRoute } from '../http/agent-route.ts'
import type { Berths } from './berths.ts'
import type { CheckInViews } from './check-in-views.ts'
import { type Credential, isAuthentic, readCredential } from './credential.ts'
import { factsIn } from './facts-in.ts'
import { refusal, unauthorised } from './refusal.ts'

export type CheckInNeeds = {
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly checkInLimits: CheckInLimits
  readonly checkInViews: CheckInViews
  readonly berths: Berths
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
  if (found.kind === 'nothing-new') return answerWith(needs, nothingNew(needs.checkInLimits), now)
  const { berths, checkInLimits: limits } = needs
  const moment = { checkIn, limits, now }
  const { cluster } = found.view
  const seen = await decide(found.view, moment, async () => {
    return { isBerthFree: await berths.mayBeFree(), cluster }
  })
  if (!changesSomething(seen)) return answerWith(needs, seen, now)
  const keep = () => decideAndSave(needs, credential, moment)
  return answerWith(needs, await (seen.takesBerth ? berths.inTurn(keep) : keep()), now)
}

type Moment = {
  readonly checkIn: CheckIn
  readonly limits: CheckInLimits
  readonly now: Instant
}

/** Whether a berth is free, and nobody else leads the cluster, is asked only for an offer. */
async function decide(
  view: StoredCheckInView,
  moment: Moment,
  look: () => Promise<Pick<CheckInView, 'isBerthFree' | 'cluster'>>,
): Promise<CheckInReceived> {
  const { checkIn, limits, now } = moment
  const decided = decideReceiveCheckIn({ ...view, isBerthFree: true }, checkIn, limits, now)
  if (!decided.takesBerth) return decided
  return decideReceiveCheckIn({ ...view, ...(await look()) }, checkIn, limits, now)
}

/** Null: the credential is not, or no longer, an endpoint's. */
async function decideAndSave(
  needs: CheckInNeeds,
  credential: Credential,
  moment: Moment,
): Promise<CheckInReceived | null> {
  const { endpointId } = credential
  const { checkIn, now } = moment
  const attemptId = checkIn.attempt?.attemptId ?? null
  return await needs.database.write(async (tx) => {
    const held = await lockCheckInView(tx, { endpointId, attemptId })
    if (held === null || !isAuthentic(held, credential)) return null
    const decided = await decide(held, moment, async () => {
      const isBerthFree = await needs.berths.lockFree(tx)
      // Behind the lock: whoever of the cluster led first has committed.
      return { isBerthFree, cluster: await reloadCluster(tx, held) }
    })
    await saveCheckIn(tx, endpointId, decided, now)
    if (decided.isRestored) await saveAudit(tx, restored(held.endpoint, now))
    return decided
  })
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
        download_rate_max: null,
        retry_skipped: instruction.upgrade.retrySkipped,
        may_switch: true,
        switch_within_s: null,
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

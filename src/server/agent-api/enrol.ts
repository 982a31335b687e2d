import type { Clock } from '../../base/clock.ts'
import type { Digest } from '../../base/digest.ts'
import { digestOf } from '../../base/digest.ts'
import {
  type DistributionId,
  type EndpointId,
  newId,
  newSecret,
  type RunId,
} from '../../base/ids.ts'
import type { Random } from '../../base/random.ts'
import { CHECK_IN_BYTES_MAX } from '../../contract/agent/check-in.ts'
import { type EnrolReply, type EnrolRequest, enrolRequest } from '../../contract/agent/enrol.ts'
import { parse, sentenceOf } from '../../contract/parse.ts'
import {
  decideEnrolEndpoint,
  type EnrolEndpoint,
  type EnrolEndpointRefusal,
} from '../../domain/endpoint/enrol-endpoint.ts'
import { plainReport } from '../../domain/report/agent-report.ts'
import { saveAgentReports } from '../../store/agent-reports.ts'
import { SERVER_PARTY, saveAudit } from '../../store/audit.ts'
import {
  lockEndpoints,
  lockSameMachine,
  saveNewEndpoint,
  saveReturningEndpoint,
} from '../../store/endpoints.ts'
import { lockEnrolmentDistribution } from '../../store/enrolment.ts'
import { saveEvents } from '../../store/events.ts'
import type { Database } from '../../store/open.ts'
import type { AgentAnswer, AgentRoute } from '../http/agent-route.ts'
import { factsDigestOf, factsIn } from './facts-in.ts'
import { refusal } from './refusal.ts'

export type EnrolNeeds = {
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
}

/** Exchanges a distribution's token for an endpoint's own credential. */
export const enrolDoor: AgentRoute<EnrolNeeds> = {
  method: 'POST',
  path: '/agent/v1/enrol',
  bodyBytesMax: CHECK_IN_BYTES_MAX,
  async answer(needs, request) {
    const parsed = parse(enrolRequest, request.body)
    if (!parsed.ok) return refusal(400, 'invalid-request', sentenceOf(parsed.refusal))
    const credential = newSecret(needs.random)
    const command = toCommand(parsed.value, credential, needs.random)
    return await enrol(needs, command, {
      tokenDigest: digestOf(parsed.value.token),
      credential,
      publicAddress: request.remoteAddress,
    })
  },
}

function toCommand(wire: EnrolRequest, credential: string, random: Random): EnrolEndpoint {
  return {
    newEndpointId: newId<EndpointId>(random),
    distributionId: wire.distribution_id as DistributionId, // The schema checked the spelling.
    runId: wire.run_id as RunId,
    facts: factsIn(wire.facts),
    factsDigest: factsDigestOf(wire.facts),
    credentialDigest: digestOf(credential),
    isCopy: wire.is_copy,
  }
}

async function enrol(
  needs: EnrolNeeds,
  command: EnrolEndpoint,
  asked: {
    readonly tokenDigest: Digest
    readonly credential: string
    readonly publicAddress: string
  },
): Promise<AgentAnswer> {
  const now = needs.clock.now()
  return await needs.database.write(async (tx) => {
    const { distributionId, facts, factsDigest, credentialDigest, runId } = command
    const distribution = await lockEnrolmentDistribution(tx, distributionId, asked.tokenDigest)
    const sameMachine = distribution === null ? [] : await lockSameMachine(tx, facts.machineId)
    const decided = decideEnrolEndpoint({ distribution, sameMachine }, command, now)
    if (!decided.ok) return refuseEnrolment(decided.refusal.code)
    const { endpointId, isReturning } = decided.value
    const { publicAddress } = asked
    const enrolment = { distributionId, facts, factsDigest, credentialDigest, runId, publicAddress }
    const before = (await lockEndpoints(tx, [endpointId])).get(endpointId)
    if (before !== undefined) {
      await saveReturningEndpoint(tx, { ...enrolment, endpointId }, before.state, now)
    } else {
      await saveNewEndpoint(tx, { ...enrolment, endpointId }, now)
    }
    const { hostname } = facts
    await saveEvents(tx, now, [{ type: 'endpoint.enrolled', endpointId, hostname }])
    const kind = command.isCopy ? 'copied-identity' : 'install'
    await saveAgentReports(tx, now, [plainReport(endpointId, kind)])
    await saveAudit(tx, {
      at: now,
      by: { ...SERVER_PARTY, name: `distribution:${distributionId}`, address: publicAddress },
      action: isReturning
        ? 'endpoint.return'
        : command.isCopy
          ? 'endpoint.split'
          : 'endpoint.enrol',
      subject: endpointId,
      result: 'success',
      reason: null,
      description: `Enrolled ${facts.hostname}`,
      before: null,
      after: { hostname: facts.hostname, publicAddress },
    })
    const reply: EnrolReply = { endpoint_id: endpointId, credential: asked.credential }
    return { kind: 'json', status: 200, body: reply }
  })
}

const REFUSED: Readonly<Record<EnrolEndpointRefusal['code'], string>> = {
  'enrolment-token-unknown': 'no distribution has this id and token',
  'enrolment-token-revoked': "this package's token was revoked: install one that was built since",
  'distribution-withdrawn':
    'this distribution was deleted: agents that enrolled with it go on, new ones need another',
  'enrolment-expired': 'the time to enrol with this distribution is over',
  'enrolment-limit-reached': 'this distribution has as many endpoints as it may have',
}

function refuseEnrolment(code: EnrolEndpointRefusal['code']): AgentAnswer {
  return refusal(403, code, REFUSED[code])
}

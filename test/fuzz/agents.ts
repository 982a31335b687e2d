/** What knocks at the doors of agents: agents, agents gone wrong, and those that are none. */

import { ATTEMPT_PHASES, checkInReply } from '../../src/contract/agent/check-in.ts'
import { agentRefusal, enrolReply } from '../../src/contract/agent/enrol.ts'
import type { EnrolledAgent } from '../small-fleet.ts'
import { bodyFor } from './bodies.ts'
import type { FuzzRequest } from './request.ts'
import type { Answer } from './send.ts'
import { changed, type Making } from './values.ts'

export type Agent = EnrolledAgent & {
  /** Of the upgrade that it was offered and has not ended. */
  attemptId: string | null
}

export type Distribution = { readonly id: string; readonly token: string }

type Drawing = Omit<Making, 'hostility'>

const SPOILED_SHARE = 0.15
const RIGHT_SHARE = 0.4

export function checkInOf(agent: Agent, making: Drawing): FuzzRequest {
  const { chance } = making
  const report = {
    ...agent.report,
    agent_version: chance.of(['8.6.0.1', '8.6.0.1', '8.6.0.5678', '8.7.0.1']),
    run_id: chance.is(0.9) ? agent.report.run_id : chance.of(['0'.repeat(32), 'f'.repeat(32)]),
    facts: chance.is(0.3) ? agent.facts : null,
    attempt: agent.attemptId === null ? null : attemptOf(agent.attemptId, making),
    skipped: chance.is(0.9) ? [] : [{ manifest_digest: 'a'.repeat(64), reason: 'probation-over' }],
  }
  return postTo('/agent/v1/check-in', bent(report, making), bearer(agent), making)
}

function attemptOf(attempt_id: string, { chance }: Drawing): object {
  const bytes = chance.below(1_000)
  return {
    attempt_id,
    phase: chance.of(ATTEMPT_PHASES),
    percent: chance.below(101),
    ...{ bytes_done: bytes, bytes_total: bytes + chance.below(1_000) },
    reason: chance.of([null, 'probation-over', 'internal']),
    message: chance.of([null, 'it said so', '\u202eso', 'é'.repeat(1_000)]),
  }
}

/** Of a machine that nobody knows, or of one that somebody else is. */
export function enrolmentOf(agent: Agent, from: Distribution, making: Drawing): FuzzRequest {
  const { chance } = making
  const another = { machine_id: `a machine ${chance.below(50)}`, hostname: chance.of(HOST_NAMES) }
  const order = {
    protocol: 1,
    run_id: agent.report.run_id,
    distribution_id: from.id,
    token: from.token,
    facts: { ...agent.facts, ...another },
    is_copy: chance.is(0.1),
  }
  return postTo('/agent/v1/enrol', bent(order, making), {}, making)
}

const HOST_NAMES = ['new', 'new-2', '', 'ü'.repeat(255), '<script>', "'; drop table endpoint; --"]

export function downloadOf(
  agent: Agent,
  digests: Readonly<Record<'manifests' | 'artifacts', readonly string[]>>,
  { chance }: Drawing,
): FuzzRequest {
  const kind = chance.of(['manifests', 'artifacts'] as const)
  const digest = chance.of(chance.is(0.8) ? digests[kind] : ['0', 'f'.repeat(64), '%00', '..'])
  const range = chance.is(0.3) ? { range: chance.of(RANGES) } : {}
  return {
    method: chance.is(0.8) ? 'GET' : 'HEAD',
    path: `/agent/v1/${kind}/${digest}`,
    headers: { ...bearer(agent), ...range },
    body: new Uint8Array(),
    operation: null,
  }
}

const RANGES = ['bytes=0-9', 'bytes=5-', 'bytes=-1', 'bytes=9-3', 'bytes=0-0,2-3', 'bytes=x', 'x=1']

/** The same request from somebody who is not that agent. */
export function disowned(request: FuzzRequest, agents: readonly Agent[], { chance }: Drawing) {
  const [one, other] = [chance.of(agents), chance.of(agents)]
  const spelt = chance.of<string | null>([
    null,
    'Bearer x',
    `Bearer ${one.endpointId}`,
    `Bearer ${'0'.repeat(32)}.${one.credential}`,
    one === other ? '' : `Bearer ${one.endpointId}.${other.credential}`,
    `Bearer ${one.endpointId}.${one.credential.slice(0, -1)}x`,
    `Bearer ${one.endpointId}.${one.credential}0`,
    `Basic ${one.endpointId}.${one.credential}`,
  ])
  const { authorization: _removed, ...others } = request.headers
  return { ...request, headers: spelt === null ? others : { ...others, authorization: spelt } }
}

/** What the answer to an agent must not be. */
export function agentFlaws({ path }: FuzzRequest, { status, text }: Answer): string[] {
  const place = path.replace(/[^/]*$/, (last) => (last.length > 20 ? '...' : last))
  // Some of the requests lower the rate at which agents are let in.
  const isBusy = status === 503 && text.includes('"code":"busy"')
  if (status >= 500 && !isBusy)
    return [`status ${status} for an agent at ${place}: ${text.slice(0, 200)}`]
  const schema = status >= 400 ? agentRefusal : status === 200 ? REPLIES[path] : undefined
  if (schema === undefined || text === '') return []
  return schema.safeParse(jsonOf(text)).success ? [] : [`a ${status} at ${place} of another form`]
}

const REPLIES: Readonly<Record<string, typeof checkInReply | typeof enrolReply>> = {
  '/agent/v1/check-in': checkInReply,
  '/agent/v1/enrol': enrolReply,
}

/** An offer is taken up with the next check-in; what has ended is forgotten. */
export function hear(agent: Agent, text: string): void {
  const { instruction, acknowledged_attempt } = checkInReply.parse(JSON.parse(text))
  if (acknowledged_attempt === agent.attemptId) agent.attemptId = null
  if (instruction.kind === 'upgrade') agent.attemptId = instruction.attempt_id
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Best effort: what is no JSON fits no schema, and is told so.
    return undefined
  }
}

function bent(value: object, making: Drawing): unknown {
  return making.chance.is(RIGHT_SHARE) ? value : changed(value, { ...making, hostility: 1 })
}

function bearer({ endpointId, credential }: Agent): Record<string, string> {
  return { authorization: `Bearer ${endpointId}.${credential}` }
}

function postTo(
  path: string,
  value: unknown,
  headers: Record<string, string>,
  { chance }: Drawing,
): FuzzRequest {
  const body = bodyFor(value, chance, SPOILED_SHARE)
  const all = { ...headers, ...body.headers }
  return { method: 'POST', path, headers: all, body: body.bytes, operation: null }
}

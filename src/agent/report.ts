/** The check-in that is sent up, from what the agent knows. Pure. */
import { digestOf } from '../base/digest.ts'
import type { AttemptReport, CheckInRequest } from '../contract/agent/check-in.ts'
import { AGENT_PROTOCOL } from '../contract/agent/enrol.ts'
import type { Facts } from '../contract/agent/facts.ts'
import type { SlotsMessage } from './launcher/control.ts'
import type { PayloadHealth } from './payload.ts'

export type Reported = {
  readonly runId: string
  readonly slots: SlotsMessage
  readonly facts: Facts
  /** The facts themselves, or only their digest. */
  readonly sendFacts: boolean
  /** Null: this version has no payload. */
  readonly payload: PayloadHealth | null
  readonly attempt: AttemptReport | null
}

export function checkInRequestOf(reported: Reported): CheckInRequest {
  const { runId, slots, facts, sendFacts, payload, attempt } = reported
  return {
    protocol: AGENT_PROTOCOL,
    run_id: runId,
    agent_version: slots.active.version,
    manifest_digest: slots.active.manifest_digest,
    launcher_protocol: slots.protocol,
    facts_digest: digestOf(JSON.stringify(facts)),
    facts: sendFacts ? facts : null,
    health: healthOf(payload),
    attempt,
    skipped: slots.skip.map(({ manifest_digest, reason }) => ({ manifest_digest, reason })),
  }
}

export function healthOf(payload: PayloadHealth | null): CheckInRequest['health'] {
  if (payload === null || payload.status === 'healthy') return { status: 'healthy', details: [] }
  const reason = (payload.reason ?? 'not running').slice(0, 1000)
  return { status: 'unhealthy', details: [{ title: 'Payload', reason }] }
}

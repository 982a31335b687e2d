/**
 * What the agent says of its own version while it is on probation. Pure: healthy only when the
 * server has heard from this version and the payload has proved itself; unhealthy as soon as the
 * payload shows that it is not.
 */
import type { AgentMessage } from './launcher/control.ts'
import type { PayloadHealth } from './payload.ts'

export function judge(seen: {
  readonly hasCheckedIn: boolean
  /** Null: this version has no payload. */
  readonly payload: PayloadHealth | null
}): AgentMessage | null {
  const { hasCheckedIn, payload } = seen
  if (payload !== null && payload.exits > 0) {
    const message = `the payload ended on probation: ${payload.reason ?? 'it was started again'}`
    return { kind: 'unhealthy', reason: 'payload-exited', message: message.slice(0, 1000) }
  }
  if (payload?.failedHealth) {
    const message = payload.reason ?? 'the health command failed'
    return { kind: 'unhealthy', reason: 'payload-unhealthy', message: message.slice(0, 1000) }
  }
  const isProven = payload === null || payload.isProven
  return hasCheckedIn && isProven ? { kind: 'healthy' } : null
}

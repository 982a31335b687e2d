/**
 * `POST /agent/v1/enrol`: a distribution's token is exchanged for an endpoint's own credential.
 * Safe to repeat: a reply that got lost costs nothing, because the same machine asks again and is
 * given the same endpoint with a new credential.
 */
import * as z from 'zod'
import { hexId } from '../schema.ts'
import { facts } from './facts.ts'

export const AGENT_PROTOCOL = 1

export const enrolRequest = z.strictObject({
  protocol: z.literal(AGENT_PROTOCOL),
  distribution_id: hexId,
  token: z.string().min(1).max(256),
  run_id: hexId,
  facts,
  /** True when this agent's state was found to be a copy: it must get an identity of its own. */
  is_copy: z.boolean(),
})
export type EnrolRequest = z.infer<typeof enrolRequest>

export const enrolReply = z.object({
  endpoint_id: hexId,
  /** 256 random bits; the server keeps only their SHA-256. */
  credential: z.string().regex(/^[0-9a-f]{64}$/),
})
export type EnrolReply = z.infer<typeof enrolReply>

/** What the agent API answers instead, with 400, 401, 403, 404, 409, 429, 500 or 503. */
export const agentRefusal = z.object({
  /** A reason code of docs/reasons.md. */
  code: z.string().max(100),
  message: z.string().max(1000),
})
export type AgentRefusal = z.infer<typeof agentRefusal>

/**
 * Enrolment: the distribution's token is exchanged for a credential of this endpoint's own. Safe to
 * repeat: the server recognises the machine and gives the same endpoint a new credential.
 */

import { Fault } from '../base/fault.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import {
  AGENT_PROTOCOL,
  type AgentRefusal,
  agentRefusal,
  enrolReply,
} from '../contract/agent/enrol.ts'
import type { Facts } from '../contract/agent/facts.ts'
import type { Installation } from '../contract/agent/installation.ts'
import type { Identity } from './identity.ts'
import { parseJson } from './json-file.ts'
import type { ServerLink } from './server-link.ts'

/** Replies of the agent API are small; what is larger comes from somebody else. */
export const REPLY_BYTES_MAX = 64 * 1024

/** The server's "no", with what it says about it. */
export type Answered = AgentRefusal & {
  readonly status: number
  /** It is in our server's words; otherwise somebody on the way may have said it. */
  readonly isServers: boolean
  readonly retryAfter: string | null
}

export async function enrol(
  link: ServerLink,
  installation: Installation,
  who: { readonly runId: string; readonly facts: Facts; readonly isCopy: boolean },
): Promise<Result<Identity, Answered>> {
  const response = await link.send({
    method: 'POST',
    path: '/agent/v1/enrol',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      protocol: AGENT_PROTOCOL,
      distribution_id: installation.distribution_id,
      token: installation.token,
      run_id: who.runId,
      facts: who.facts,
      is_copy: who.isCopy,
    }),
  })
  const reply = await readReply(link, response, enrolReply)
  if (!reply.ok) return reply
  return accept({
    schema: 1,
    ...reply.value,
    server_url: installation.server_url,
    distribution_id: installation.distribution_id,
    installed_at: who.facts.installed_at,
  })
}

/**
 * A 2xx answer of the agreed shape, or the server's "no". What is neither did not come from our
 * server.
 */
export async function readReply<Schema extends Parameters<typeof parseJson>[1]>(
  link: ServerLink,
  response: Response,
  schema: Schema,
): Promise<Result<ReturnType<Schema['parse']>, Answered>> {
  const body = await link.readBody(response, REPLY_BYTES_MAX)
  const { status } = response
  if (status < 200 || status > 299) {
    const said = parseJson(body, agentRefusal)
    const { code, message } = said.ok ? said.value : { code: `http-${status}`, message: '' }
    if (!said.ok) link.distrust(response)
    const retryAfter = response.headers.get('retry-after')
    return refuse({ code, message, status, isServers: said.ok, retryAfter })
  }
  const parsed = parseJson(body, schema)
  if (parsed.ok) return accept(parsed.value as ReturnType<Schema['parse']>)
  link.distrust(response)
  throw new Fault({
    code: 'unreadable-answer',
    doing: `reading the answer (${parsed.refusal.what})`,
    retry: 'later',
  })
}

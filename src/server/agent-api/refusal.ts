import type { AgentAnswer } from '../http/agent-route.ts'

/**
 * A "no" to an agent: a status for its proxies, a code to look up (docs/reasons.md), a sentence for
 * a person.
 */
export function refusal(
  status: number,
  code: string,
  message: string,
): Extract<AgentAnswer, { readonly kind: 'json' }> {
  return { kind: 'json', status, body: { code, message } }
}

export function unauthorised(): AgentAnswer {
  return refusal(401, 'credential-unknown', "this credential is not, or no longer, an endpoint's")
}

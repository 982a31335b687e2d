/** Doors behind the gate: a knock is decided on before its body's shape, a digest or a row is. */
import type { AgentRequest, AgentRoute } from '../http/agent-route.ts'
import { claimedEndpoint } from './credential.ts'
import type { AgentGate, Visitor } from './gate.ts'

/** Whoever says not even who it is is told so by the door, which costs nothing. */
export function gated<Needs>(
  door: AgentRoute<Needs>,
  visitorOf: (request: AgentRequest) => Visitor | null,
): AgentRoute<Needs & { readonly gate: AgentGate }> {
  return {
    ...door,
    async answer(needs, request) {
      const visitor = visitorOf(request)
      const refused = visitor === null ? null : needs.gate.knock(visitor)
      return refused ?? (await door.answer(needs, request))
    },
  }
}

/** An endpoint by the id it claims; whether the claim is good is seen inside. */
export function checkInVisitor({ headers, body }: AgentRequest): Visitor | null {
  const name = claimedEndpoint(headers.authorization)
  const isUpgrading = typeof fieldOf(body, 'attempt') === 'object'
  return name === null ? null : { door: 'check-in', name, isUpgrading }
}

/** A machine that has no id yet, by the run of its agent: the same for as long as it tries. */
export function enrolVisitor({ body }: AgentRequest): Visitor | null {
  const run = fieldOf(body, 'run_id')
  const isRun = typeof run === 'string' && run.length === 32
  return isRun ? { door: 'enrol', name: run, isUpgrading: false } : null
}

/** Undefined also where it is null. */
function fieldOf(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null) return undefined
  return (body as Readonly<Record<string, unknown>>)[name] ?? undefined // An object has fields.
}

/** Asks a route as its edge does, without a socket: parse, then answer. */
import { type Result, refuse } from '../../base/result.ts'
import { parse } from '../../contract/parse.ts'
import type { PublicCall } from '../../contract/public/call.ts'
import type { Actor } from '../../domain/access/actor.ts'
import { BUILT_IN_ROLES, type Role } from '../../domain/access/role.ts'
import type { ApiRefusal } from '../http/refusal.ts'
import type { Origin, PublicRoute } from '../http/route.ts'

const [administrator] = BUILT_IN_ROLES as readonly [Role]

export const TEST_ACTOR: Actor = {
  kind: 'api-key',
  id: 1,
  name: 'test',
  role: administrator,
  scope: null,
  userEmail: null,
}
export const TEST_ORIGIN: Origin = { address: '192.0.2.9', userAgent: 'test' }

export async function ask<Needs>(
  route: PublicRoute<Needs>,
  needs: Needs,
  data: unknown,
  actor: Actor = TEST_ACTOR,
): Promise<Result<unknown, ApiRefusal>> {
  const call: PublicCall = route.call
  const parsed = parse(call.request, data, ['request_data'])
  if (!parsed.ok) return refuse({ code: 'invalid-request', errors: parsed.refusal })
  return await route.answer(needs, { data: parsed.value, actor, origin: TEST_ORIGIN })
}

/** Who may make which call: a new one is not there until somebody has thought about it here. */
import { describe, expect, it } from 'vitest'
import { accept } from '../../base/result.ts'
import type { Actor } from '../../domain/access/actor.ts'
import { BUILT_IN_ROLES, type Role } from '../../domain/access/role.ts'
import { createAdmission } from '../http/admission.ts'
import { refusalAnswer } from '../http/error-reply.ts'
import { TEST_ACTOR } from '../testing/ask.ts'
import { PUBLIC_ROUTES } from './routes.ts'

/** Administrator, Deployment Admin, Operator, Viewer: those who may. */
const MAY: Readonly<Record<string, string>> = {
  'distributions/get_versions': 'ADOV',
  'distributions/create': 'AD',
  'distributions/get_status': 'ADOV',
  'distributions/get_dist_url': 'ADOV',
  'distributions/get_distributions': 'ADOV',
  'distributions/update': 'AD',
  'distributions/delete': 'AD',
  'endpoints/upgrade': 'ADO',
  'endpoints/upgrade/get': 'ADOV',
  'endpoints/upgrade/list': 'ADOV',
  'endpoints/upgrade/cancel': 'ADO',
  'endpoints/upgrade/explain': 'ADOV',
  'endpoints/upgrade/pause': 'ADO',
  'endpoints/upgrade/resume': 'ADO',
  'endpoints/upgrade/skip_wave': 'ADO',
  'endpoints/upgrade/retry': 'ADO',
  'endpoints/upgrade/revert': 'ADO',
  'endpoints/upgrade/policies/get': 'ADOV',
  'endpoints/upgrade/policies/set': 'ADO',
  'endpoints/upgrade/policies/delete': 'ADO',
  'endpoints/get_endpoint': 'ADOV',
  'endpoints/get_endpoints': 'ADOV',
  'endpoints/update_agent_name': 'ADO',
  'endpoints/delete': 'ADO',
  'endpoints/get_policy': 'ADOV',
  'tags/agents/assign': 'ADO',
  'tags/agents/remove': 'ADO',
  'tags/agents/delete_permanently': 'ADO',
  'actions/get_action_status': 'ADOV',
  'releases/missing_artifacts': 'AD',
  'releases/publish': 'AD',
  'releases/list': 'ADOV',
  'releases/withdraw': 'AD',
  'audits/agents_reports': 'ADOV',
  'audits/management_logs': 'ADOV',
  'audits/verify': 'ADOV',
  'api_keys/generate': 'A',
  'api_keys/get_api_keys': 'A',
  'api_keys/delete': 'A',
  'api_keys/rotate': 'A',
  'api_keys/validate': 'ADOV',
  'rbac/get_users': 'A',
  'rbac/create_user': 'A',
  'rbac/delete_user': 'A',
  'rbac/set_user_role': 'A',
  'rbac/get_user_group': 'A',
  'rbac/set_user_group': 'A',
  'rbac/delete_user_group': 'A',
  'rbac/get_roles': 'A',
  'rbac/create_role': 'A',
  'rbac/update_role': 'A',
  'rbac/delete_role': 'A',
  healthcheck: 'ADOV',
  'system/get_tenant_info': 'ADOV',
  'configurations/agent/auto_upgrade': 'ADOV',
  'configurations/agent/auto_upgrade/set': 'A',
  'configurations/agent/agent_status': 'ADOV',
  'configurations/agent/agent_status/set': 'A',
  'configurations/agent/action_center_expiration': 'ADOV',
  'configurations/agent/action_center_expiration/set': 'A',
  'configurations/agent/endpoint_administration_cleanup': 'ADOV',
  'configurations/agent/endpoint_administration_cleanup/set': 'A',
  'configurations/agent/content_management': 'ADOV',
  'configurations/agent/content_management/set': 'A',
  'configurations/agent/critical_environment_versions': 'ADOV',
  'configurations/agent/critical_environment_versions/set': 'A',
  'configurations/agent/rollout': 'ADOV',
  'configurations/agent/rollout/set': 'A',
  'trust/get_package_key': 'ADOV',
  'trust/import_certificate': 'A',
  'trust/get_certificates': 'A',
  'trust/remove_certificate': 'A',
}

/** What changes something for all endpoints, and not for those of a scope alone. */
const EVERYWHERE = [
  'endpoints/upgrade/policies/set',
  'endpoints/upgrade/policies/delete',
  'tags/agents/delete_permanently',
  'releases/withdraw',
  'trust/import_certificate',
  'trust/remove_certificate',
  'configurations/agent/auto_upgrade/set',
  'configurations/agent/agent_status/set',
  'configurations/agent/action_center_expiration/set',
  'configurations/agent/endpoint_administration_cleanup/set',
  'configurations/agent/content_management/set',
  'configurations/agent/critical_environment_versions/set',
  'configurations/agent/rollout/set',
]

function isNotForViewers({ call }: { readonly call: { readonly path: string } }): boolean {
  return MAY[call.path]?.includes('V') === false
}

function admissionOf(actor: Actor) {
  const keyRing = { authenticate: async () => accept(actor) }
  return createAdmission({ keyRing, rateLimit: { take: () => null }, licence: null })
}

describe('the roles', () => {
  it('may make the calls they may, and no other', async () => {
    const found = PUBLIC_ROUTES.map(async (route) => {
      const admitted = BUILT_IN_ROLES.map(async (role) => {
        const { verdict } = await admissionOf({ ...TEST_ACTOR, role }).admit({}, route)
        return verdict.ok ? role.name.charAt(0).replace('I', 'A') : ''
      })
      return [route.call.path, (await Promise.all(admitted)).join('')]
    })
    expect(Object.fromEntries(await Promise.all(found))).toEqual(MAY)
  })

  it('with a scope may change nothing that holds for all endpoints', async () => {
    const actor = { ...TEST_ACTOR, scope: { tags: ['web'] } }
    const refused = PUBLIC_ROUTES.map(async (route) => {
      const { verdict } = await admissionOf(actor).admit({}, route)
      return verdict.ok ? [] : [route.call.path]
    })
    expect((await Promise.all(refused)).flat()).toEqual(EVERYWHERE)
  })

  it('are told what they lack', async () => {
    const viewer = BUILT_IN_ROLES.find((role) => role.name === 'Viewer') as Role
    for (const route of PUBLIC_ROUTES.filter(isNotForViewers)) {
      const { verdict } = await admissionOf({ ...TEST_ACTOR, role: viewer }).admit({}, route)
      const answer = verdict.ok ? null : refusalAnswer(verdict.refusal)
      expect(answer?.status).toBe(403)
      expect(String(answer?.body)).toContain(`lacks the permission ${route.permission}`)
    }
  })
})

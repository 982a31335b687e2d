import { describe, expect, it } from 'vitest'
import { auditArea, auditVerb } from './area.ts'

describe('the area of an audit entry', () => {
  it.each([
    ['distribution.create', 'distributions', 'create'],
    ['release.withdraw', 'distributions', 'withdraw'],
    ['certificate.import', 'distributions', 'import'],
    ['endpoint.rename', 'endpoint-management', 'rename'],
    ['tag.assign', 'endpoint-management', 'assign'],
    ['upgrade-action.cancel', 'action-center', 'cancel'],
    ['upgrade.refuse', 'action-center', 'refuse'],
    ['api-key.rotate', 'api-key', 'rotate'],
    ['configuration.set', 'agent-configuration', 'set'],
    ['user.set-role', 'permissions', 'set-role'],
    ['user-group.set', 'permissions', 'set'],
    ['role.update', 'permissions', 'update'],
    ['auth.refuse', 'auth', 'refuse'],
    ['call.refuse', 'public-api', 'refuse'],
    ['audit.refuse', 'system', 'refuse'],
    ['constructor', 'system', ''],
  ])('%s', (action, area, verb) => {
    expect(auditArea(action)).toBe(area)
    expect(auditVerb(action)).toBe(verb)
  })
})

import { describe, expect, it } from 'vitest'
import { accept, refuse } from '../../base/result.ts'
import type { Licence } from '../../domain/access/licence.ts'
import { BUILT_IN_ROLES, type Role } from '../../domain/access/role.ts'
import { TEST_ACTOR } from '../testing/ask.ts'
import { createAdmission } from './admission.ts'

const viewer = BUILT_IN_ROLES.find((role) => role.name === 'Viewer') as Role
const demands = { permission: 'upgrades.edit', licensed: 'upgrades', isEverywhere: true } as const

async function verdict(lacking: ('key' | 'time' | 'licence' | 'role' | 'scope')[]) {
  const lacks = new Set(lacking)
  const role = lacks.has('role') ? viewer : TEST_ACTOR.role
  const actor = { ...TEST_ACTOR, role, scope: lacks.has('scope') ? { tags: ['web'] } : null }
  const licence: Licence = lacks.has('licence') ? { products: ['xdr-prevent'], addOns: [] } : null
  const known = lacks.has('key') ? refuse({ code: 'unauthorised' } as const) : accept(actor)
  const admission = createAdmission({
    keyRing: { authenticate: async () => known },
    rateLimit: { take: () => (lacks.has('time') ? 2 : null) },
    licence,
  })
  const admitted = await admission.admit({}, demands)
  return admitted.verdict.ok ? 'admitted' : admitted.verdict.refusal.code
}

describe('whoever is let in', () => {
  it.each([
    [[], 'admitted'],
    [['scope'], 'scope-too-narrow'],
    [['scope', 'role'], 'forbidden'],
    [['role', 'licence'], 'licence-missing'],
    [['role', 'licence', 'time'], 'rate-limited'],
    [['role', 'licence', 'time', 'key'], 'unauthorised'],
  ] as const)('lacks none of these: %o is %s', async (lacking, code) => {
    expect(await verdict([...lacking])).toBe(code)
  })
})

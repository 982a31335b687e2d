import { accept, type Result, refuse } from '../../../base/result.ts'
import { isPermission, PERMISSIONS, type Permission } from '../../../domain/access/permission.ts'
import type { RequestRefusal } from '../../http/refusal.ts'

export function permissionsNamed(
  texts: readonly string[],
): Result<ReadonlySet<Permission>, RequestRefusal> {
  const index = texts.findIndex((text) => !isPermission(text))
  if (index < 0) return accept(new Set(texts.filter(isPermission)))
  const loc = ['request_data', 'permissions', index]
  const msg = `there is no permission ${texts[index]}; there are ${PERMISSIONS.join(', ')}`
  return refuse({ code: 'invalid-request', errors: [{ type: 'invalid_value', loc, msg }] })
}

import type { Instant } from '../base/clock.ts'
import { isPermission } from '../domain/access/permission.ts'
import { type Role, roleKey } from '../domain/access/role.ts'
import type { Reader, Writer } from './open.ts'

export type StoredRole = Role & {
  readonly createdBy: string
  readonly createdAt: Instant
  readonly updatedAt: Instant | null
}

/** Those of the operator, by name. */
export async function loadRoles(reader: Reader): Promise<readonly StoredRole[]> {
  const rows = await reader.selectFrom('role').selectAll().orderBy('key').execute()
  return rows.map((row) => ({
    name: row.name,
    description: row.description,
    // A permission of a version that is not this one grants nothing here.
    permissions: new Set(row.permissions.filter(isPermission)),
    isBuiltIn: false,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }))
}

export async function saveNewRole(
  writer: Writer,
  role: Role,
  made: { readonly by: string; readonly at: Instant },
): Promise<void> {
  await writer
    .insertInto('role')
    .values({
      key: roleKey(role.name),
      name: role.name,
      description: role.description,
      permissions: JSON.stringify([...role.permissions]),
      created_by: made.by,
      created_at: made.at,
      updated_at: null,
    })
    .execute()
}

export async function saveRoleChanged(writer: Writer, role: Role, now: Instant): Promise<void> {
  const { description, permissions } = role
  await writer
    .updateTable('role')
    .set({ description, permissions: JSON.stringify([...permissions]), updated_at: now })
    .where('key', '=', roleKey(role.name))
    .execute()
}

export async function deleteRole(writer: Writer, name: string): Promise<void> {
  await writer.deleteFrom('role').where('key', '=', roleKey(name)).execute()
}

/** Users and their groups. */
import type { Instant } from '../base/clock.ts'
import { groupKey } from '../domain/access/change-users.ts'
import type { User, UserGroup } from '../domain/access/grants.ts'
import type { Scope } from '../domain/access/scope.ts'
import type { Reader, Writer } from './open.ts'

export type StoredUser = User & {
  readonly firstName: string
  readonly lastName: string
  readonly createdAt: Instant
}

export type StoredGroup = UserGroup & {
  readonly description: string
  readonly createdAt: Instant
  readonly updatedAt: Instant | null
}

export async function loadUsers(reader: Reader): Promise<readonly StoredUser[]> {
  const rows = await reader.selectFrom('user_account').selectAll().orderBy('email').execute()
  return rows.map((row) => ({
    email: row.email,
    firstName: row.first_name,
    lastName: row.last_name,
    role: row.role,
    scope: row.scope as Scope, // As it was written below.
    createdAt: row.created_at,
  }))
}

export async function loadUserGroups(reader: Reader): Promise<readonly StoredGroup[]> {
  const rows = await reader.selectFrom('user_group').selectAll().orderBy('key').execute()
  const members = await reader
    .selectFrom('user_group_member')
    .selectAll()
    .orderBy('group_key')
    .orderBy('email')
    .execute()
  const byGroup = Map.groupBy(members, (member) => member.group_key)
  return rows.map((row) => ({
    name: row.name,
    description: row.description,
    role: row.role,
    members: (byGroup.get(row.key) ?? []).map((member) => member.email),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }))
}

export async function saveNewUser(
  writer: Writer,
  user: StoredUser,
  createdBy: string,
): Promise<void> {
  await writer
    .insertInto('user_account')
    .values({
      email: user.email,
      first_name: user.firstName,
      last_name: user.lastName,
      role: user.role,
      scope: user.scope === null ? null : JSON.stringify(user.scope),
      created_by: createdBy,
      created_at: user.createdAt,
    })
    .execute()
}

export async function saveUsersRole(
  writer: Writer,
  emails: readonly string[],
  role: string | null,
): Promise<void> {
  await writer.updateTable('user_account').set({ role }).where('email', 'in', emails).execute()
}

/** Their memberships go with them. */
export async function deleteUser(writer: Writer, email: string): Promise<void> {
  await writer.deleteFrom('user_account').where('email', '=', email).execute()
}

/** Makes it, or makes it to this. */
export async function saveUserGroup(writer: Writer, group: StoredGroup): Promise<void> {
  const key = groupKey(group.name)
  const { description, role, members } = group
  await writer
    .insertInto('user_group')
    .values({
      ...{ key, name: group.name, description, role },
      created_at: group.createdAt,
      updated_at: group.updatedAt,
    })
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet({ description, role, updated_at: group.updatedAt }),
    )
    .execute()
  await writer.deleteFrom('user_group_member').where('group_key', '=', key).execute()
  if (members.length === 0) return
  const rows = members.map((email) => ({ group_key: key, email }))
  await writer.insertInto('user_group_member').values(rows).execute()
}

export async function deleteUserGroup(writer: Writer, name: string): Promise<void> {
  await writer.deleteFrom('user_group').where('key', '=', groupKey(name)).execute()
}

/** `rbac/*`: users, groups and roles. The first four are documented, those that change are ours. */
import * as z from 'zod'
import { emailText, scopeObject } from './api-keys.ts'
import { publicCall } from './call.ts'
import { ACCESS_NAMES_MAX } from './limits.ts'

const nameText = z.string().trim().min(1).max(100)
const names = z.array(z.string().max(100)).min(1).max(ACCESS_NAMES_MAX)
const emails = z.array(emailText).max(ACCESS_NAMES_MAX)
const description = z.string().max(1000)
/** `<area>.<view|edit>`: docs/vocabulary.md has the areas. */
const permissions = z.array(z.string().max(50)).max(100)

export const userObject = z.object({
  user_email: z.string(),
  user_first_name: z.string(),
  user_last_name: z.string(),
  role_name: z.string(),
  /** When a key of theirs was used last; null: never. */
  last_logged_in: z.int().nullable(),
  user_type: z.string(),
  groups: z.array(z.string()),
  /** The tags of the endpoints they may see; empty: all endpoints. */
  scope: z.array(z.string()),
})

export const roleObject = z.object({
  pretty_name: z.string(),
  permissions: z.array(z.string()),
  insert_time: z.int(),
  update_time: z.int().nullable(),
  created_by: z.string(),
  description: z.string(),
  groups: z.array(z.string()),
  users: z.array(z.string()),
  /** Ours: it can be neither changed nor deleted. */
  is_built_in: z.boolean().optional(),
})

export const userGroupObject = z.object({
  group_name: z.string(),
  description: z.string().nullable(),
  pretty_name: z.string(),
  insert_time: z.int(),
  update_time: z.int().nullable(),
  user_email: z.array(z.string()),
  source: z.string(),
  /** Ours. */
  role_name: z.string().nullable().optional(),
})

export const getUsersCall = publicCall({
  path: 'rbac/get_users',
  summary: 'All users, with role, groups and scope.',
  origin: 'documented',
  request: z.looseObject({}),
  reply: z.array(userObject),
  isRepeatable: true,
  examples: [{ name: 'All of them', request: {} }],
})
export const getRolesCall = publicCall({
  path: 'rbac/get_roles',
  summary: 'Roles by name, each as a list of its own. Ours: without names, all of them.',
  origin: 'documented',
  request: z.strictObject({ role_names: names.nullish() }),
  reply: z.array(z.array(roleObject)),
  isRepeatable: true,
  examples: [{ name: 'One role', request: { role_names: ['Instance Administrator'] } }],
})
export const getUserGroupCall = publicCall({
  path: 'rbac/get_user_group',
  summary: 'Groups of users by name. Ours: without names, all of them.',
  origin: 'documented',
  request: z.strictObject({ group_names: names.nullish() }),
  reply: z.array(userGroupObject),
  isRepeatable: true,
  examples: [{ name: 'one group', request: { group_names: ['Packagers'] } }],
})
export const setUserRoleCall = publicCall({
  path: 'rbac/set_user_role',
  summary: 'Gives users a role, or takes it away (an empty name): for all their keys, at once.',
  origin: 'documented',
  request: z.strictObject({ user_emails: emails.min(1), role_name: z.string().max(100) }),
  reply: z.object({ update_count: z.string() }),
  isRepeatable: true,
  examples: [
    {
      name: 'one user',
      request: { user_emails: ['ada@example.org'], role_name: 'Viewer' },
      reply: { update_count: '1' },
    },
  ],
})

const EXAMPLE_ROLE = {
  pretty_name: 'Upgraders',
  permissions: ['endpoints.view', 'upgrades.edit'],
  insert_time: 1_764_547_200_000,
  update_time: null,
  created_by: 'api-key:1',
  description: 'They upgrade.',
  groups: [],
  users: [],
  is_built_in: false,
}

export const createRoleCall = publicCall({
  path: 'rbac/create_role',
  summary: 'Makes a role of permissions such as endpoints.view and upgrades.edit.',
  origin: 'ours',
  request: z.strictObject({
    role_name: nameText,
    description: description.nullish(),
    permissions,
  }),
  reply: roleObject,
  isRepeatable: false,
  examples: [
    {
      name: 'who upgrades',
      request: {
        role_name: 'Upgraders',
        description: 'They upgrade.',
        permissions: ['endpoints.view', 'upgrades.edit'],
      },
      reply: EXAMPLE_ROLE,
    },
  ],
})
export const updateRoleCall = publicCall({
  path: 'rbac/update_role',
  summary: 'Changes a role, for everybody who has it. What is absent stays as it is.',
  origin: 'ours',
  request: z.strictObject({
    role_name: nameText,
    description: description.nullish(),
    permissions: permissions.nullish(),
  }),
  reply: roleObject,
  isRepeatable: true,
  examples: [
    {
      name: 'other permissions',
      request: { role_name: 'Upgraders', permissions: ['endpoints.view', 'upgrades.edit'] },
      reply: { ...EXAMPLE_ROLE, update_time: 1_764_550_800_000 },
    },
  ],
})
export const deleteRoleCall = publicCall({
  path: 'rbac/delete_role',
  summary: 'Deletes a role that no key, user or group has.',
  origin: 'ours',
  request: z.strictObject({ role_name: nameText }),
  reply: z.literal(true),
  isRepeatable: false,
  examples: [{ name: 'one role', request: { role_name: 'Upgraders' }, reply: true }],
})
export const createUserCall = publicCall({
  path: 'rbac/create_user',
  summary: 'Records a user. What they may do, their API keys may do, and no more.',
  origin: 'ours',
  request: z.strictObject({
    user_email: emailText,
    user_first_name: z.string().max(100).nullish(),
    user_last_name: z.string().max(100).nullish(),
    role_name: z.string().max(100).nullish(),
    scope: scopeObject.nullish(),
  }),
  reply: userObject,
  isRepeatable: false,
  examples: [
    {
      name: 'a user with a role',
      request: {
        user_email: 'grace@example.org',
        user_first_name: 'Grace',
        user_last_name: 'Hopper',
        role_name: 'Operator',
      },
      reply: {
        user_email: 'grace@example.org',
        user_first_name: 'Grace',
        user_last_name: 'Hopper',
        role_name: 'Operator',
        last_logged_in: null,
        user_type: 'CSP',
        groups: [],
        scope: [],
      },
    },
  ],
})
export const deleteUserCall = publicCall({
  path: 'rbac/delete_user',
  summary: 'Deletes a user and all their API keys.',
  origin: 'ours',
  request: z.strictObject({ user_email: emailText }),
  reply: z.object({ deleted_keys: z.array(z.int()) }),
  isRepeatable: false,
  examples: [
    {
      name: 'a user with one key',
      request: { user_email: 'grace@example.org' },
      reply: { deleted_keys: [4267] },
    },
  ],
})
export const setUserGroupCall = publicCall({
  path: 'rbac/set_user_group',
  summary: 'Makes a group of users, or changes it. What is absent stays as it is.',
  origin: 'ours',
  request: z.strictObject({
    group_name: nameText,
    description: description.nullish(),
    /** E-mail addresses of users: all of them, from now on. */
    members: emails.nullish(),
    /** Null takes the role away. */
    role_name: z.string().max(100).nullish(),
  }),
  reply: userGroupObject,
  isRepeatable: true,
  examples: [
    {
      name: 'a group with a role',
      request: { group_name: 'Packagers', members: ['ada@example.org'], role_name: 'Operator' },
      reply: {
        group_name: 'Packagers',
        description: null,
        pretty_name: 'Packagers',
        insert_time: 1_764_547_200_000,
        update_time: null,
        user_email: ['ada@example.org'],
        source: 'Custom',
        role_name: 'Operator',
      },
    },
  ],
})
export const deleteUserGroupCall = publicCall({
  path: 'rbac/delete_user_group',
  summary: 'Deletes a group; its members stay, and lose what it gave them.',
  origin: 'ours',
  request: z.strictObject({ group_name: nameText }),
  reply: z.literal(true),
  isRepeatable: false,
  examples: [{ name: 'one group', request: { group_name: 'Packagers' }, reply: true }],
})

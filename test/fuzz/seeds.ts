/**
 * Right orders, for calls whose examples and schemas do not give any: what they name is there. One
 * change away from them lies everything behind the validation.
 */
import { TEST_CODE_CERTIFICATE } from '../../src/trust/testing/code-certificate.ts'
import type { Chance } from './chance.ts'
import type { World } from './world.ts'

type Seed = (world: World, chance: Chance) => unknown

const filtersOf = (ids: readonly string[]) => [
  { field: 'endpoint_id_list', operator: 'in', value: ids },
]
const LINUX = [{ field: 'platform', operator: 'in', value: ['linux'] }]
const WINDOW = {
  upgrade_timeframe_days: ['monday', 'Sunday'],
  upgrade_timeframe_start_time: '22:00',
  upgrade_timeframe_end_time: '04:00',
  upgrade_timeframe_timezone: 'europe/berlin',
  strict_end: true,
}
const PERMISSIONS = ['endpoints.view', 'upgrades.edit', 'audits.view']

const aTag = (chance: Chance) => `tag ${chance.below(6)}`
const anEmail = (chance: Chance) => `person${chance.below(30)}@example.org`
const aGroup = (chance: Chance) => `Group ${chance.below(8)}`
const aRole = (chance: Chance) => `Role ${chance.below(8)}`
const aName = (chance: Chance) => `made ${chance.below(100_000)}`
const aSpare = ({ spareDistributions, distributions }: World, chance: Chance) =>
  chance.of(spareDistributions.length > 0 ? spareDistributions : distributions)
/** Nobody's, when there is none: refused, like one that was deleted. */
const aKey = ({ keys }: World, chance: Chance) => (keys.length > 0 ? chance.of(keys) : 987_654)
const aMaybe = <Value>(value: Value, chance: Chance) => (chance.is(0.5) ? value : null)

const order: Seed = ({ versions }, chance) => ({
  name: aName(chance),
  platform: 'linux',
  package_type: 'standalone',
  agent_version: chance.of([...versions.slice(0, 4), 'latest']),
  description: aMaybe('of the fuzz', chance),
  proxy: aMaybe(['10.10.10.1:8080'], chance),
  endpoint_tags: aMaybe(['web'], chance),
  enrolments_max: aMaybe(1 + chance.below(50), chance),
})
const upgrade: Seed = ({ endpoints, versions }, chance) => ({
  endpoint_ids: [chance.of(endpoints), chance.of(endpoints), chance.of(endpoints)],
  target_versions: { linux: chance.of(versions), windows: '8.6.0.1234' },
  upgrade_timeframe_window: aMaybe(WINDOW, chance),
  retry_failed: aMaybe(true, chance),
  dry_run: aMaybe(true, chance),
  rollout: aMaybe({ canary: { count: 1 }, waves: [50], failure_budget: { percent: 5 } }, chance),
})
const release: Seed = ({ artifacts, versions }, chance) => {
  const digest = chance.of(artifacts)
  const version = `8.9.${chance.below(9)}.${chance.below(9)}`
  if (versions.length < 12) versions.push(version)
  return {
    ...{ version, platform: 'linux', arch: chance.of(['x64', 'arm64']), libc: 'glibc' },
    launcher: digest,
    files: [{ path: 'agent.mjs', digest, executable: false }],
    notes: aMaybe('of the fuzz', chance),
    floors: aMaybe({ kernel: '5.10', agent_version: '8.6.0.1' }, chance),
  }
}

/** By path, below `/public_api/v1/`. */
export const SEEDS: Readonly<Record<string, Seed>> = {
  'distributions/create': order,
  'distributions/get_dist_url': ({ distributions }, chance) => {
    const id = chance.of(distributions)
    return { distribution_id: id, package_type: chance.of(['sh', 'deb', 'SH']) }
  },
  'distributions/update': (world, chance) => ({
    distribution_id: aSpare(world, chance),
    name: aName(chance),
    ...{ revoke_token: chance.is(0.2), enrolments_max: aMaybe(100, chance) },
  }),
  'distributions/delete': (world, chance) => ({ distribution_id: aSpare(world, chance) }),
  'endpoints/upgrade': upgrade,
  'endpoints/upgrade/get': ({ actions, endpoints }, chance) =>
    chance.is(0.5)
      ? { group_action_id: chance.of(actions), search_to: 10 }
      : { endpoint_id: chance.of(endpoints), fields: ['state', 'reason'] },
  'endpoints/upgrade/cancel': ({ actions, endpoints }, chance) => ({
    group_action_id: chance.of(actions),
    endpoint_ids: aMaybe([chance.of(endpoints)], chance),
    reason: 'of the fuzz',
  }),
  'endpoints/upgrade/explain': ({ actions, endpoints }, chance) => ({
    endpoint_id: chance.of(endpoints),
    group_action_id: aMaybe(chance.of(actions), chance),
  }),
  'endpoints/upgrade/pause': ({ actions }, chance) => ({ group_action_id: chance.of(actions) }),
  'endpoints/upgrade/resume': ({ actions }, chance) => ({
    group_action_id: chance.of(actions),
    reason: 'of the fuzz',
  }),
  'endpoints/upgrade/skip_wave': ({ actions }, chance) => ({ group_action_id: chance.of(actions) }),
  'endpoints/upgrade/retry': ({ actions, failedActions, endpoints }, chance) => ({
    group_action_id: chance.of(chance.is(0.5) ? failedActions : actions),
    endpoint_ids: aMaybe([chance.of(endpoints)], chance),
    retry_failed: chance.is(0.5),
  }),
  'endpoints/upgrade/revert': ({ actions, succeededActions }, chance) => ({
    group_action_id: chance.of(chance.is(0.5) ? succeededActions : actions),
    rollout: aMaybe({ canary: { count: 1 } }, chance),
  }),
  'endpoints/update_agent_name': ({ endpoints }, chance) => ({
    filters: filtersOf([chance.of(endpoints)]),
    alias: chance.of(['', 'web-1', '~{a}']),
  }),
  'endpoints/delete': ({ endpoints }, chance) => ({ filters: filtersOf([chance.of(endpoints)]) }),
  'endpoints/get_policy': ({ endpoints }, chance) => ({ endpoint_id: chance.of(endpoints) }),
  'tags/agents/assign': ({ endpoints }, chance) => ({
    filters: chance.is(0.2) ? LINUX : filtersOf([chance.of(endpoints)]),
    tag: aTag(chance),
  }),
  'tags/agents/remove': (_world, chance) => ({ filters: LINUX, tag: aTag(chance) }),
  'tags/agents/delete_permanently': (_world, chance) => ({ tags: [aTag(chance)], reason: 'no' }),
  'actions/get_action_status': ({ actions }, chance) => ({ group_action_id: chance.of(actions) }),
  'releases/publish': release,
  'releases/withdraw': (_world, chance) => {
    const version = `8.9.${chance.below(9)}.${chance.below(9)}`
    return { version, platform: 'linux', reason: 'of the fuzz' }
  },
  'api_keys/generate': (_world, chance) => ({
    roles: [chance.of(['Viewer', 'Instance Administrator'])],
    security_level: chance.of(['standard', 'advanced']),
    scope: aMaybe({ tags: ['web'] }, chance),
    comment: 'of the fuzz',
  }),
  'api_keys/delete': (world, chance) => ({
    filters: [{ field: 'id', operator: 'in', value: [aKey(world, chance)] }],
  }),
  'api_keys/rotate': (world, chance) => ({
    id: aKey(world, chance),
    overlap_seconds: chance.of([0, 60, 86_400]),
  }),
  'trust/import_certificate': (_world, chance) => ({
    purpose: chance.of(['windows', 'macos']),
    certificate: TEST_CODE_CERTIFICATE.asSent,
    password: aMaybe('', chance),
  }),
  'trust/remove_certificate': (_world, chance) => ({ purpose: chance.of(['windows', 'macos']) }),
  'rbac/create_user': (_world, chance) => ({
    user_email: anEmail(chance),
    role_name: aMaybe('Viewer', chance),
    scope: aMaybe({ tags: ['web'] }, chance),
  }),
  'rbac/delete_user': (_world, chance) => ({ user_email: anEmail(chance) }),
  'rbac/set_user_role': (_world, chance) => ({
    user_emails: [anEmail(chance)],
    role_name: chance.of(['', 'Viewer', 'Operator']),
  }),
  'rbac/set_user_group': (_world, chance) => ({
    group_name: aGroup(chance),
    role_name: aMaybe(chance.of(['Viewer', 'Operator']), chance),
    members: [],
  }),
  'rbac/get_user_group': (_world, chance) => ({ group_names: [aGroup(chance)] }),
  'rbac/delete_user_group': (_world, chance) => ({ group_name: aGroup(chance) }),
  'rbac/create_role': (_world, chance) => ({
    role_name: aRole(chance),
    description: 'of the fuzz',
    permissions: [chance.of(PERMISSIONS)],
  }),
  'rbac/update_role': (_world, chance) => ({
    role_name: aRole(chance),
    permissions: [chance.of(PERMISSIONS)],
  }),
  'rbac/delete_role': (_world, chance) => ({ role_name: aRole(chance) }),
}

/** Making and changing policies. They are known by their names, letter case aside. */
import type { Instant } from '../../base/clock.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import type { PolicyRules, UpgradePolicy, VersionRule } from './upgrade-policy.ts'

/** What is undefined stays as it is. */
export type SetUpgradePolicy = {
  /** One that is not there is made. */
  readonly name: string
  readonly newName: string | undefined
  readonly priority: number | undefined
  readonly isEnabled: boolean | undefined
  readonly rules: { readonly [Name in keyof PolicyRules]: PolicyRules[Name] | undefined }
  readonly by: string
}

export type UpgradePolicyUnknown = {
  readonly code: 'upgrade-policy-unknown'
  readonly name: string
}

/** In order of precedence: the first that applies is the answer. */
export type SetUpgradePolicyRefusal =
  | { readonly code: 'upgrade-policy-exists'; readonly name: string }
  | { readonly code: 'upgrade-policy-without-version'; readonly name: string }

export type UpgradePolicySet =
  | { readonly kind: 'new'; readonly after: Omit<UpgradePolicy, 'id'> }
  /** The same twice where nothing changes. */
  | { readonly kind: 'changed'; readonly before: UpgradePolicy; readonly after: UpgradePolicy }

const PRIORITY_DEFAULT = 100

export function decideSetUpgradePolicy(
  policies: readonly UpgradePolicy[],
  command: SetUpgradePolicy,
  now: Instant,
): Result<UpgradePolicySet, SetUpgradePolicyRefusal> {
  const before = findPolicy(policies, command.name)
  const name = command.newName ?? before?.name ?? command.name
  const namesake = findPolicy(policies, name)
  if (namesake !== null && namesake.id !== before?.id) {
    return refuse({ code: 'upgrade-policy-exists', name: namesake.name })
  }
  const versions = command.rules.versions ?? before?.rules.versions
  if (versions === undefined) return refuse({ code: 'upgrade-policy-without-version', name })
  const told = {
    name,
    priority: command.priority ?? before?.priority ?? PRIORITY_DEFAULT,
    isEnabled: command.isEnabled ?? before?.isEnabled ?? true,
    rules: rulesAfter(before?.rules ?? null, command.rules, versions),
  }
  const changed = { changedBy: command.by, changedAt: now }
  if (before !== null)
    return accept({ kind: 'changed', before, after: afterOf(before, told, changed) })
  const made = { generation: 1, createdBy: command.by, createdAt: now }
  return accept({ kind: 'new', after: { ...told, ...changed, ...made } })
}

/** Null: there is none of that name. */
export function findPolicy<Policy extends Pick<UpgradePolicy, 'name'>>(
  policies: readonly Policy[],
  name: string,
): Policy | null {
  return policies.find((each) => policyKey(each.name) === policyKey(name)) ?? null
}

/** By which a policy is found. */
export function policyKey(name: string): string {
  return name.trim().toLowerCase()
}

function rulesAfter(
  before: PolicyRules | null,
  change: SetUpgradePolicy['rules'],
  versions: VersionRule,
): PolicyRules {
  const window = change.window === undefined ? before?.window : change.window
  const rollout = change.rollout === undefined ? before?.rollout : change.rollout
  return {
    tags: change.tags ?? before?.tags ?? [],
    distributionIds: change.distributionIds ?? before?.distributionIds ?? [],
    platforms: change.platforms ?? before?.platforms ?? [],
    excludedTags: change.excludedTags ?? before?.excludedTags ?? [],
    versions,
    delayMs: change.delayMs ?? before?.delayMs ?? 0,
    window: window ?? null,
    rollout: rollout ?? null,
  }
}

type Told = Pick<UpgradePolicy, 'name' | 'priority' | 'isEnabled' | 'rules'>

function afterOf(
  before: UpgradePolicy,
  told: Told,
  changed: Pick<UpgradePolicy, 'changedBy' | 'changedAt'>,
): UpgradePolicy {
  const isAnother = !isSame(before.rules, told.rules) || (told.isEnabled && !before.isEnabled)
  const isTouched =
    isAnother ||
    told.name !== before.name ||
    told.priority !== before.priority ||
    told.isEnabled !== before.isEnabled
  if (!isTouched) return before
  const generation = before.generation + (isAnother ? 1 : 0)
  return { ...before, ...told, ...changed, generation }
}

/** Whatever the order of their fields: a database keeps none. */
function isSame(left: unknown, right: unknown): boolean {
  return canonical(left) === canonical(right)
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each
    return Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
  })
}

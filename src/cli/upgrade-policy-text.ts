/** What an upgrade policy says of itself, in words. */
import type { UpgradePolicyObject } from '../contract/public/upgrade-policies.ts'
import { fieldLines, timeText } from './print.ts'
import { windowText } from './upgrade-action-text.ts'

/** `tags web, db; windows`; `all`. */
export function membersText(policy: UpgradePolicyObject): string {
  const { endpoint_tags: tags, distribution_ids: distributions, platforms } = policy
  const parts = [
    ...(tags.length === 0 ? [] : [`tags ${tags.join(', ')}`]),
    ...(distributions.length === 0 ? [] : [`distributions ${distributions.join(', ')}`]),
    ...(platforms.length === 0 ? [] : [platforms.join(', ')]),
    ...(policy.exclude_tags.length === 0 ? [] : [`not ${policy.exclude_tags.join(', ')}`]),
  ]
  return parts.length === 0 ? 'all' : parts.join('; ')
}

/** `linux 8.6.0.2, windows -`. */
export function wantsText({ wants }: UpgradePolicyObject): string {
  return wants.map(({ platform, version }) => `${platform} ${version ?? '-'}`).join(', ')
}

/** `38 of 40`. */
export function fulfilledText(policy: UpgradePolicyObject): string {
  return `${policy.fulfilled_count} of ${policy.endpoints_count}`
}

export function delayText(hours: number): string {
  if (hours === 0) return 'none'
  return hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`
}

export function policyLines(policy: UpgradePolicyObject): string[] {
  const { last_action: last } = policy
  const wants = policy.wants.map((wish): [string, string] => {
    const since = wish.since === null ? '' : `, since ${timeText(wish.since)}`
    const coming = wish.next_at === null ? '' : `; ${timeText(wish.next_at)}: ${wish.next_version}`
    return [`Wants on ${wish.platform}`, `${wish.version ?? 'nothing'}${since}${coming}`]
  })
  const ordered = last === null ? 'nothing yet' : `action ${last.group_action_id}, ${last.state}`
  return fieldLines([
    ['Policy', `${policy.name} (${policy.policy_id})${policy.enabled ? '' : ', disabled'}`],
    ['Priority', String(policy.priority)],
    ['For', membersText(policy)],
    ['Version', `${policy.version}${policy.allow_downgrade ? ', also from a newer one' : ''}`],
    ['Delay', delayText(policy.delay_hours)],
    ['Window', windowText(policy) ?? 'at any time'],
    ['Rollout', policy.rollout === null ? "the instance's" : JSON.stringify(policy.rollout)],
    ...wants,
    ['Have it', fulfilledText(policy)],
    ['Ordered last', ordered],
    ['Now', policy.reason ?? 'about to order'],
    ['Changed', `${timeText(policy.changed_at)} by ${policy.changed_by}`],
  ])
}

import type * as z from 'zod'
import { PLATFORMS } from '../../base/platform.ts'
import { accept } from '../../base/result.ts'
import { POLICY_DELAY_HOURS_MAX, POLICY_PRIORITY_MAX } from '../../contract/public/limits.ts'
import type { setUpgradePolicy } from '../../contract/public/upgrade-policies.ts'
import { defineApiCommand, type Values } from '../command.ts'
import { durationMs, flawOfChoice, flawOfWholeNumber } from '../option-values.ts'
import { flawOfWindow, WINDOW_OPTIONS, windowOf } from '../order-options.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { flawOfRollout, ROLLOUT_OPTIONS, rolloutOf } from '../rollout-options.ts'
import { policyLines } from '../upgrade-policy-text.ts'

const OPTIONS = {
  to: { kind: 'text', value: 'N', help: 'latest, one-before, a line (8.6) or a version' },
  'allow-downgrade': { kind: 'flag', help: 'with a version: also where a newer one is installed' },
  tag: { kind: 'list', value: 'TAG', help: 'endpoints with this tag' },
  distribution: { kind: 'list', value: 'ID', help: 'endpoints of this distribution' },
  platform: { kind: 'list', value: 'NAME', help: 'linux, windows, macos or android' },
  'exclude-tag': { kind: 'list', value: 'TAG', help: 'no endpoint with this tag' },
  priority: { kind: 'text', value: 'N', help: 'the smaller comes first (100)' },
  delay: { kind: 'text', value: 'TIME', help: 'after publishing, such as 12h or 7d' },
  ...WINDOW_OPTIONS,
  'any-time': { kind: 'flag', help: 'without a window' },
  ...ROLLOUT_OPTIONS,
  'instance-rollout': { kind: 'flag', help: 'rolled out as the instance has it' },
  rename: { kind: 'text', value: 'NAME', help: 'call it so from now on' },
  enable: { kind: 'flag', help: 'it orders' },
  disable: { kind: 'flag', help: 'it orders nothing and governs nobody' },
} as const

type SetValues = Values<typeof OPTIONS>
type SetRequest = z.input<typeof setUpgradePolicy>

const HOUR_MS = 3_600_000
const NONE = 'none'

export const upgradePolicySet = defineApiCommand({
  name: 'upgrade-policy set',
  summary: 'Make or change a policy by which the server orders upgrades by itself',
  notes: [
    'What is not said stays as it is. --tag, --distribution, --platform and --exclude-tag take the',
    'place of those before; none for none. A policy that means nobody in particular means all.',
  ],
  operands: [{ name: 'NAME', help: 'what it is called', count: 'one' }],
  options: OPTIONS,
  async run({ client }, values, [name = '']) {
    const flaw = flawOf(values)
    if (flaw !== null) return refuseUsage(flaw)
    const policy = await client.upgradePolicies.set(requestOf(name, values))
    return accept({ exitCode: EXIT.done, lines: policyLines(policy), json: policy })
  },
})

function flawOf(values: SetValues): string | null {
  if (values.enable && values.disable) return '--enable or --disable.'
  if (values['any-time'] && windowOf(values) !== null) return '--any-time is without a window.'
  if (values['instance-rollout'] && rolloutOf(values) !== null) {
    return "--instance-rollout is the instance's: leave out the options of a rollout, or it."
  }
  const platforms = [...PLATFORMS, NONE]
  const range = { least: 0, most: POLICY_PRIORITY_MAX }
  return (
    values.platform.map((each) => flawOfChoice('--platform', each, platforms)).find(Boolean) ??
    flawOfWholeNumber('--priority', values.priority, range) ??
    flawOfDelay(values.delay) ??
    flawOfWindow(values) ??
    flawOfRollout(values)
  )
}

function flawOfDelay(text: string | undefined): string | null {
  if (text === undefined || text === NONE) return null
  const hours = (durationMs(text) ?? 0) / HOUR_MS
  if (hours >= 1 && hours <= POLICY_DELAY_HOURS_MAX) return null
  return `--delay is a time such as 12h, 7d or 2w, or none, not "${text}".`
}

function requestOf(name: string, values: SetValues): SetRequest {
  const { delay, priority, rename } = values
  const platforms = listOf(values.platform)
  return {
    name,
    new_name: rename ?? null,
    version: values.to ?? null,
    allow_downgrade: values['allow-downgrade'] ? true : null,
    endpoint_tags: listOf(values.tag),
    distribution_ids: listOf(values.distribution),
    platforms: platforms === null ? null : PLATFORMS.filter((each) => platforms.includes(each)),
    exclude_tags: listOf(values['exclude-tag']),
    priority: priority === undefined ? null : Number(priority),
    delay_hours: delay === undefined ? null : (durationMs(delay) ?? 0) / HOUR_MS,
    upgrade_timeframe_window: values['any-time'] ? NONE : (windowOf(values) ?? null),
    rollout: values['instance-rollout'] ? NONE : rolloutOf(values),
    enabled: values.enable ? true : values.disable ? false : null,
  }
}

/** Null: as it was. */
function listOf(values: readonly string[]): string[] | null {
  if (values.length === 0) return null
  return values.length === 1 && values[0] === NONE ? [] : [...values]
}

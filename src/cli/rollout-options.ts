/** How an order says its rollout: `--canary 5`, `--waves 10,50`, `--budget 2%`. */
import type * as z from 'zod'
import { ATTEMPTS_MAX, PARALLEL_UPGRADES_MAX, WAVES_MAX } from '../contract/public/limits.ts'
import type { rolloutPolicy } from '../contract/public/rollout.ts'
import type { Options, Values } from './command.ts'
import { durationMs, flawOfWholeNumber } from './option-values.ts'

export const ROLLOUT_OPTIONS = {
  canary: {
    kind: 'text',
    value: 'N',
    help: 'so many first, chosen to cover what there is',
  },
  waves: { kind: 'text', value: 'LIST', help: 'then until so many percent are in, or by tag' },
  'max-concurrent': { kind: 'text', value: 'N', help: 'at most so many at once' },
  soak: { kind: 'text', value: 'TIME', help: 'watch each wave before the next, such as 30m or 2h' },
  budget: { kind: 'text', value: 'N', help: 'halt when so many of a wave failed (also 5,2%)' },
  probation: { kind: 'text', value: 'TIME', help: 'how long a version has to prove itself' },
  attempts: { kind: 'text', value: 'N', help: 'tries, where one ended before the switch' },
  rate: { kind: 'text', value: 'BYTES', help: 'a second for each download, such as 500K or 2M' },
} as const satisfies Options

export type RolloutValues = Pick<Values<typeof ROLLOUT_OPTIONS>, keyof typeof ROLLOUT_OPTIONS>
type Rollout = z.input<typeof rolloutPolicy>

/** `30m`, `2h`, `1d`, `1w`, or bare minutes; null for anything else. */
export function minutesOf(text: string): number | null {
  const [, minutes] = /^(\d{1,5})m?$/.exec(text) ?? []
  if (minutes !== undefined) return Number(minutes)
  const ms = durationMs(text)
  return ms === null ? null : ms / 60_000
}

type Share = { readonly count?: number; readonly percent?: number }

/** `5` or `2%`; null for anything else. */
function shareOf(text: string): Share | null {
  const [, number = '', percent = ''] = /^(\d{1,6}(?:\.\d{1,3})?)(%?)$/.exec(text.trim()) ?? []
  if (number === '') return null
  return percent === '%' ? { percent: Number(number) } : { count: Number(number) }
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }

function bytesOf(text: string): number | null {
  const [, number = '', unit = ''] = /^(\d{1,9})([KMG]?)$/.exec(text.toUpperCase()) ?? []
  return number === '' ? null : Number(number) * (UNITS[unit] ?? 1)
}

/** What is wrong with them, as a sentence; null: nothing. The server knows the ranges. */
export function flawOfRollout(values: RolloutValues): string | null {
  const { canary, waves, soak, budget, probation, rate } = values
  const isWrong = (text: string | undefined, read: (text: string) => unknown) =>
    text !== undefined && text !== 'none' && read(text) === null
  if (isWrong(canary, shareOf)) return `--canary is a number, a percent or none, not "${canary}".`
  if (isWrong(budget, budgetOf)) return `--budget is such as 3, 2% or 3,2%, not "${budget}".`
  if (isWrong(soak, minutesOf)) return `--soak is a time such as 30m or 2h, not "${soak}".`
  if (isWrong(probation, minutesOf)) {
    return `--probation is a time such as 10m or 1h, not "${probation}".`
  }
  if (isWrong(rate, bytesOf)) return `--rate is such as 500K or 2M, not "${rate}".`
  if ((waves?.split(',').length ?? 0) > WAVES_MAX) return `--waves takes at most ${WAVES_MAX}.`
  const most = PARALLEL_UPGRADES_MAX
  return (
    flawOfWholeNumber('--max-concurrent', values['max-concurrent'], { least: 1, most }) ??
    flawOfWholeNumber('--attempts', values.attempts, { least: 1, most: ATTEMPTS_MAX })
  )
}

/** Null: nothing is said, and the instance's settings hold. */
export function rolloutOf(values: RolloutValues): Rollout | null {
  const { canary, waves, soak, budget, probation, attempts, rate } = values
  const most = values['max-concurrent']
  const rollout: Rollout = {
    ...(canary === undefined ? {} : { canary: canary === 'none' ? 'none' : shareOf(canary) }),
    ...(waves === undefined ? {} : { waves: wavesOf(waves) }),
    ...(most === undefined ? {} : { max_concurrent: Number(most) }),
    ...(soak === undefined ? {} : { soak_minutes: minutesOf(soak) }),
    ...(budget === undefined ? {} : { failure_budget: budgetOr(budget) }),
    ...(probation === undefined ? {} : { probation_minutes: minutesOr(probation) }),
    ...(attempts === undefined ? {} : { max_attempts: Number(attempts) }),
    ...(rate === undefined ? {} : { download_rate: rate === 'none' ? 'none' : bytesOf(rate) }),
  }
  return Object.keys(rollout).length === 0 ? null : rollout
}

function minutesOr(text: string): number | 'none' | null {
  return text === 'none' ? 'none' : minutesOf(text)
}

function budgetOr(text: string) {
  return text === 'none' ? ('none' as const) : budgetOf(text)
}

function budgetOf(text: string): Share | null {
  const shares = text.split(',').map(shareOf)
  if (shares.length > 2 || shares.includes(null)) return null
  return Object.assign({}, ...shares) as Share // None of them is null.
}

/** A number is a percent; anything else is a tag. */
function wavesOf(text: string) {
  if (text === 'none') return []
  return text.split(',').map((part) => {
    const [, percent] = /^(\d{1,3})%?$/.exec(part.trim()) ?? []
    return percent === undefined ? { tag: part.trim() } : { percent: Number(percent) }
  })
}

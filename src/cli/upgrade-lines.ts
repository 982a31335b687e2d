/** What an upgrade is doing, in words. */
import type { ActionStatus, UpgradeDetail } from '../contract/public/endpoints.ts'
import { bytesText, padded, printable, timeText, widthOf } from './print.ts'
import { barOf } from './progress.ts'

/** One endpoint of a watched action. */
export type WatchedUpgrade = {
  readonly endpointId: string
  readonly name: string
  readonly status: ActionStatus
  /** Null from a server that tells no more than the status. */
  readonly detail: UpgradeDetail | null
}

const BAR_COLUMNS = 20

export function isTerminalStatus(status: ActionStatus): boolean {
  return status !== 'PENDING' && status !== 'IN_PROGRESS' && status !== 'PENDING_ABORT'
}

type Told = Pick<UpgradeDetail, 'state' | 'percent' | 'reason' | 'message' | 'opens_at'>

/** `downloading 63%`, `queued: outside-window, opens 2026-11-23 02:00 UTC`, `failed: disk-full`. */
export function upgradeText(detail: Told): string {
  const amount = detail.state === 'downloading' ? ` ${detail.percent}%` : ''
  const why = whyText(detail)
  return `${detail.state}${amount}${why === '' ? '' : `: ${why}`}`
}

function whyText({ state, reason: code, message, opens_at: opensAt }: Told): string {
  // An offer waits because it is offered: that is said already.
  const reason = code === state ? null : code
  const said = reason !== null && message !== null ? `${reason} (${message})` : (reason ?? message)
  return [said, opensAt === null ? null : `opens ${timeText(opensAt)}`]
    .filter((part) => part !== null)
    .join(', ')
}

/** A line of a plain log, complete in itself. */
export function plainLine(upgrade: WatchedUpgrade): string {
  const { name, detail, status } = upgrade
  return printable(`${name}: ${detail === null ? status.toLowerCase() : upgradeText(detail)}`)
}

/** Lines whose columns stand below each other. */
export function alignedLines(upgrades: readonly WatchedUpgrade[]): string[] {
  const names = upgrades.map(({ name }) => printable(name))
  const states = upgrades.map(stateOf)
  const nameWidth = Math.min(40, Math.max(0, ...names.map(widthOf)))
  const stateWidth = Math.max(0, ...states.map(widthOf))
  return upgrades.map((upgrade, index) => {
    const name = padded(names[index] ?? '', nameWidth)
    const state = padded(states[index] ?? '', stateWidth)
    return `${name}  ${state}  ${tailOf(upgrade)}`.trimEnd()
  })
}

function stateOf({ detail, status }: WatchedUpgrade): string {
  return printable(detail?.state ?? status.toLowerCase())
}

function tailOf({ detail }: WatchedUpgrade): string {
  if (detail === null) return ''
  if (detail.state !== 'downloading') return printable(whyText(detail))
  const { percent, bytes_done: done, bytes_total: total } = detail
  const bar = `[${barOf(percent / 100, BAR_COLUMNS)}]`
  const amount = `${bytesText(done)} of ${bytesText(total)}`
  return `${bar} ${String(percent).padStart(3)}%  ${amount}`
}

/** `3 succeeded, 1 rolled-back, 12 queued`, in the order of the names. */
export function countsText(upgrades: readonly WatchedUpgrade[]): string {
  const counts = new Map<string, number>()
  for (const upgrade of upgrades) {
    const state = stateOf(upgrade)
    counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return [...counts]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')
}

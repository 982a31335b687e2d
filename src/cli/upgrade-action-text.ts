/** What an upgrade action says of itself, in words. */
import type { UpgradeActionObject } from '../contract/public/upgrade-actions.ts'

/** `linux 8.6.0.2, windows 8.6.0.3`. */
export function targetsText({ target_versions: targets }: UpgradeActionObject): string {
  return Object.entries(targets)
    .map(([platform, version]) => `${platform} ${version}`)
    .join(', ')
}

/** `3 queued, 1 succeeded`. */
export function stateCountsText({ counts }: UpgradeActionObject): string {
  return Object.entries(counts)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')
}

/** `monday, friday 02:00 to 06:00 Europe/Berlin, strict end`; null when it may start any time. */
export function windowText(
  action: Pick<UpgradeActionObject, 'upgrade_timeframe_window'>,
): string | null {
  const { upgrade_timeframe_window: window } = action
  if (window === null) return null
  const days = (window.upgrade_timeframe_days ?? []).join(', ')
  const { upgrade_timeframe_start_time: start, upgrade_timeframe_end_time: end } = window
  const { upgrade_timeframe_timezone: zone, strict_end: isStrict } = window
  // Servers from before there were zones had UTC.
  const hours = `${days} ${start ?? '00:00'} to ${end ?? '00:00'} ${zoneText(zone ?? 'UTC')}`
  return isStrict ? `${hours.trim()}, strict end` : hours.trim()
}

function zoneText(zone: string): string {
  return zone === 'endpoint' ? "of each endpoint's clock" : zone
}

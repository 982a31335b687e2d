/**
 * Endpoints that are one machine: reinstalled without its machine id, cloned and renamed back,
 * restored from an image. What makes two of them one is the operator's choice: all of the chosen
 * marks must be equal, and a mark that an endpoint does not have equals nothing.
 */
import { accept, type Result, refuse } from '../../base/result.ts'

export type DuplicateCleanup = {
  readonly isEnabled: boolean
  readonly byHostname: boolean
  /** All of its IPv4 addresses: one alone is often the same everywhere (a bridge, a container). */
  readonly byIp: boolean
  /** All of its network cards. */
  readonly byMac: boolean
  readonly intervalHours: number
}

export type DuplicateCleanupRefusal = { readonly code: 'duplicate-mark-missing' }

export const DUPLICATE_CLEANUP_DEFAULT: DuplicateCleanup = {
  isEnabled: false,
  byHostname: false,
  byIp: false,
  byMac: false,
  intervalHours: 24,
}

type Change = { readonly [Field in keyof DuplicateCleanup]: DuplicateCleanup[Field] | null }

export function changeDuplicateCleanup(
  present: DuplicateCleanup,
  change: Change,
): Result<DuplicateCleanup, DuplicateCleanupRefusal> {
  const next = {
    isEnabled: change.isEnabled ?? present.isEnabled,
    byHostname: change.byHostname ?? present.byHostname,
    byIp: change.byIp ?? present.byIp,
    byMac: change.byMac ?? present.byMac,
    intervalHours: change.intervalHours ?? present.intervalHours,
  }
  // Without a mark every endpoint would be a duplicate of every other.
  if (next.isEnabled && marksOf(next).length === 0)
    return refuse({ code: 'duplicate-mark-missing' })
  return accept(next)
}

export type DuplicateMark = 'hostname' | 'ip' | 'mac'

export function marksOf(cleanup: DuplicateCleanup): readonly DuplicateMark[] {
  const { byHostname, byIp, byMac } = cleanup
  const marks = { hostname: byHostname, ip: byIp, mac: byMac }
  return (['hostname', 'ip', 'mac'] as const).filter((mark) => marks[mark])
}

/** A run that is recorded for the future was written by a clock that ran ahead: it is due. */
export function isCleanupDue(
  cleanup: DuplicateCleanup,
  lastRunAt: number | null,
  now: number,
): boolean {
  if (!cleanup.isEnabled || marksOf(cleanup).length === 0) return false
  if (lastRunAt === null || lastRunAt > now) return true
  return now - lastRunAt >= cleanup.intervalHours * 3_600_000
}

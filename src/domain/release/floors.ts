/**
 * What an endpoint must have at least before it is moved to a release: versions of the operating
 * system and the kernel that the release was made for, and the agent version that its upgrade can
 * begin at. What cannot be compared keeps the release out, and says so: an upgrade that nobody can
 * tell to be safe is not begun.
 */
import { type AgentVersion, compareVersions } from '../../base/version.ts'

/** Null: from any. */
export type ReleaseFloors = {
  /** Dotted numbers, as the facts of an endpoint begin: `12`, `22.04`. */
  readonly osVersion: string | null
  readonly kernel: string | null
  readonly agentVersion: AgentVersion | null
}

export const NO_FLOORS: ReleaseFloors = { osVersion: null, kernel: null, agentVersion: null }

/** In order of precedence: the first that applies is the answer. */
export const FLOOR_REASONS = [
  'agent-below-floor',
  'os-below-floor',
  'kernel-below-floor',
  'floor-not-comparable',
] as const
export type FloorReason = (typeof FLOOR_REASONS)[number]

export type OnFloors = {
  readonly version: AgentVersion
  readonly osVersion: string
  readonly kernel: string
}

/** Why an endpoint may not be moved to a release of these floors; null: it may. */
export function belowFloors(floors: ReleaseFloors, endpoint: OnFloors): FloorReason | null {
  const { agentVersion } = floors
  if (agentVersion !== null && compareVersions(endpoint.version, agentVersion) < 0) {
    return 'agent-below-floor'
  }
  const system = compareToFloor(endpoint.osVersion, floors.osVersion)
  const kernel = compareToFloor(endpoint.kernel, floors.kernel)
  if (system === 'below') return 'os-below-floor'
  if (kernel === 'below') return 'kernel-below-floor'
  return system === 'unknown' || kernel === 'unknown' ? 'floor-not-comparable' : null
}

export function isSameFloors(left: ReleaseFloors, right: ReleaseFloors): boolean {
  return (
    left.osVersion === right.osVersion &&
    left.kernel === right.kernel &&
    left.agentVersion === right.agentVersion
  )
}

function compareToFloor(text: string, floor: string | null): 'above' | 'below' | 'unknown' {
  if (floor === null) return 'above'
  const numbers = numbersOf(text)
  const floorNumbers = numbersOf(floor)
  if (numbers === null || floorNumbers === null) return 'unknown'
  const places = Math.max(numbers.length, floorNumbers.length)
  for (let place = 0; place < places; place++) {
    const difference = (numbers[place] ?? 0) - (floorNumbers[place] ?? 0)
    if (difference !== 0) return difference < 0 ? 'below' : 'above'
  }
  return 'above'
}

/** What follows the numbers is the distributor's own: `6.1.0-13-amd64`, `22.04 LTS`, `6.1.0+`. */
const DOTTED = /^(\d{1,9}(?:\.\d{1,9}){0,7})(?![\d.])/

function numbersOf(text: string): readonly number[] | null {
  const [, numbers] = DOTTED.exec(text.trim()) ?? []
  return numbers === undefined ? null : numbers.split('.').map(Number)
}

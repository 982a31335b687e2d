import type { Platform } from '../../base/platform.ts'
import type { AgentVersion } from '../../base/version.ts'

/** Whether lines for critical environments, those with a PATCH of 100 and more, are offered. */
export type CriticalEnvironment = { readonly isEnabled: boolean }

/**
 * The original has them off, because its vendor publishes them for everybody. Here whoever runs the
 * instance publishes, and numbers as they like: that version 1.2.300.1 cannot be ordered would be
 * a riddle, so nothing that was published is hidden until somebody wants it so.
 */
export const CRITICAL_ENVIRONMENT_DEFAULT: CriticalEnvironment = { isEnabled: true }

export function changeCriticalEnvironment(
  present: CriticalEnvironment,
  change: { readonly isEnabled: boolean | null },
): CriticalEnvironment {
  return { isEnabled: change.isEnabled ?? present.isEnabled }
}

export type CriticalEnvironmentDisabled = {
  readonly code: 'critical-environment-disabled'
  readonly version: AgentVersion
  /** Whose target version it is; null: it is the version of a package. */
  readonly platform: Platform | null
}

const CRITICAL_PATCH_MIN = 100

/** Whether the version may be offered, ordered and chosen as the newest. */
export function isVersionEnabled(setting: CriticalEnvironment, version: AgentVersion): boolean {
  return setting.isEnabled || !isForCriticalEnvironments(version)
}

export function isForCriticalEnvironments(version: AgentVersion): boolean {
  return Number(version.split('.')[2]) >= CRITICAL_PATCH_MIN
}

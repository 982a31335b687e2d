/**
 * The settings of the instance: values that an operator changes while everything runs, the same for
 * all servers. A change merges what was named onto what was there.
 */
import {
  ACTION_EXPIRY_DEFAULT,
  type ActionExpiry,
  type ActionExpiryRefusal,
} from './action-expiry.ts'
import { AGENT_STATUS_DEFAULT, type AgentStatus, type AgentStatusRefusal } from './agent-status.ts'
import { AUTO_UPGRADE_DEFAULT, type AutoUpgrade } from './auto-upgrade.ts'
import { CONTENT_MANAGEMENT_DEFAULT, type ContentManagement } from './content-management.ts'
import { CRITICAL_ENVIRONMENT_DEFAULT, type CriticalEnvironment } from './critical-environment.ts'
import {
  DUPLICATE_CLEANUP_DEFAULT,
  type DuplicateCleanup,
  type DuplicateCleanupRefusal,
} from './duplicate-cleanup.ts'
import { ROLLOUT_DEFAULTS, type RolloutDefaults } from './rollout-defaults.ts'

export type Configuration = {
  readonly autoUpgrade: AutoUpgrade
  readonly agentStatus: AgentStatus
  readonly actionExpiry: ActionExpiry
  readonly duplicateCleanup: DuplicateCleanup
  readonly contentManagement: ContentManagement
  readonly criticalEnvironment: CriticalEnvironment
  readonly rollout: RolloutDefaults
}
export type SettingName = keyof Configuration

/** As long as nobody has set anything. */
export const DEFAULT_CONFIGURATION: Configuration = {
  autoUpgrade: AUTO_UPGRADE_DEFAULT,
  agentStatus: AGENT_STATUS_DEFAULT,
  actionExpiry: ACTION_EXPIRY_DEFAULT,
  duplicateCleanup: DUPLICATE_CLEANUP_DEFAULT,
  contentManagement: CONTENT_MANAGEMENT_DEFAULT,
  criticalEnvironment: CRITICAL_ENVIRONMENT_DEFAULT,
  rollout: ROLLOUT_DEFAULTS,
}

/** Values that are each right, and not together. */
export type ChangeConfigurationRefusal =
  | ActionExpiryRefusal
  | AgentStatusRefusal
  | DuplicateCleanupRefusal

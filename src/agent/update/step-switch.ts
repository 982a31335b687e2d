/**
 * Asks the launcher for the new version.
 *
 * Before: the version directory is staged, and the journal says `switching`. After: the launcher
 * has been asked. It verifies, writes its slots and stops this agent, or it refuses. What follows,
 * probation, commit or roll-back, is the launcher's, and its outcome comes with the slots. Safe to
 * repeat because: a launcher that has switched to this version, or is trying it, refuses and
 * changes nothing.
 */
import type { AgentMessage } from '../launcher/control.ts'
import type { Attempt } from './journal.ts'

export function askForSwitch(attempt: Attempt, tell: (message: AgentMessage) => void): void {
  const { attempt_id, manifest_digest, version, probation_s, retry_skipped } = attempt
  if (retry_skipped) tell({ kind: 'forget-skip', manifest_digest })
  tell({ kind: 'switch', attempt_id, manifest_digest, version, probation_s })
}

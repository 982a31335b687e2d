import { type Digest, digestOf } from '../../base/digest.ts'
import type { RunId } from '../../base/ids.ts'
import type { AgentVersion } from '../../base/version.ts'
import type { Health, SkippedVersion } from './endpoint.ts'

/** What of a check-in is kept, but for the facts, which their own digest stands for. */
export type Fingerprinted = {
  readonly runId: RunId
  readonly version: AgentVersion | null
  readonly manifestDigest: Digest | null
  readonly factsDigest: Digest
  readonly health: Health
  readonly skipped: readonly SkippedVersion[]
}

/**
 * Equal when a check-in says what is known already. Kept beside the endpoint, so that the check-ins
 * that change nothing, which are nearly all, are recognised without reading what they would change.
 */
export function fingerprintOf(said: Fingerprinted): Digest {
  const { runId, version, manifestDigest, factsDigest, health, skipped } = said
  const details = health.details.map(({ title, reason }) => [title, reason])
  const bad = skipped.map((each) => [each.manifestDigest, each.reason])
  const parts = [runId, version, manifestDigest, factsDigest, health.status, details, bad]
  return digestOf(JSON.stringify(parts))
}

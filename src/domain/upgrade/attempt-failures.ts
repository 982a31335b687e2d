/**
 * What an agent may say of an attempt that ended before the switch, and whether another try may
 * help. A reason that is not listed is one of an agent that is newer than this server: it is final.
 */

/**
 * `stopped`: it was told to, and nothing failed. `passing`: it says nothing against the version,
 * and may be otherwise next time. `final`: the next try would end the same way, or what became of
 * this one must be known first.
 */
export type FailureKind = 'stopped' | 'passing' | 'final'

const STOPPED = ['cancelled', 'window-closed'] as const

const PASSING = [
  // The network, and who answers in the server's place: a hotel's page today, nobody tomorrow.
  'download-failed',
  'bandwidth-full',
  'stalled',
  'timed-out',
  'digest-mismatch',
  'malformed-envelope',
  'envelope-too-large',
  'wrong-payload-type',
  'bad-signature',
  'wrong-manifest',
  // The disk. What is damaged on it has been thrown away, and is fetched again.
  'disk-full',
  'disk-failed',
  'not-read',
  'not-written',
  'not-switched',
  'damaged',
] as const

const FINAL = [
  // The release, or that it is none for this endpoint.
  'content-mismatch',
  'malformed-manifest',
  'unsafe-path',
  'wrong-version',
  'wrong-platform',
  'launcher-too-old',
  'failed-before',
  // The endpoint trusts the keys that it was installed with.
  'unknown-key',
  // Larger than any file of ours, and it stays so; or a bug of the agent.
  'file-too-large',
  'agent-fault',
  // The launcher may still switch: who might must not be counted as waiting.
  'launcher-silent',
  // A person decided otherwise: Android's, or who keeps the cluster.
  'install-failed',
  'cluster-upgrade-not-granted',
  'image-changed-elsewhere',
] as const

export const ATTEMPT_FAILURES: ReadonlyMap<string, FailureKind> = new Map<string, FailureKind>([
  ...STOPPED.map((reason) => [reason, 'stopped'] as const),
  ...PASSING.map((reason) => [reason, 'passing'] as const),
  ...FINAL.map((reason) => [reason, 'final'] as const),
])

export function failureKind(reason: string | null): FailureKind {
  return ATTEMPT_FAILURES.get(reason ?? '') ?? 'final'
}

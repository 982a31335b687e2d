/**
 * What an agent can say of the machine it runs on, for each platform in its own file. No program is
 * started for it, and a fact that cannot be read is left out.
 */
import type { Target } from '../../base/platform.ts'
import type { Facts } from '../../contract/agent/facts.ts'

/** What is known of the endpoint without looking at the machine. */
export type Known = Pick<Facts, 'machine_id' | 'endpoint_tags' | 'installed_at'>

export type Machine = {
  /** The builds of the agent that run here. */
  readonly target: Target
  facts(known: Known): Facts
  /** The id of the installed system, 32 hexadecimal characters; empty when it has none. */
  ownId(): string
}

import product from '../../package.json' with { type: 'json' }
import { invariant } from '../base/invariant.ts'
import { type AgentVersion, isAgentVersion } from '../base/version.ts'

export const PRODUCT_VERSION: string = product.version

/** Of the agent that comes with the product: `0.1.0` is `0.1.0.0`. */
export function builtInVersion(): AgentVersion {
  const version = `${PRODUCT_VERSION}.0`
  invariant(isAgentVersion(version), 'a product version and a number are an agent version')
  return version
}

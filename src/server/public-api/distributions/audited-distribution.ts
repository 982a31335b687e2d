import type { Distribution } from '../../../domain/distribution/distribution.ts'

/** Of a distribution, what the audit log tells when somebody changes it. */
export function auditedDistribution(distribution: Distribution) {
  const { name, description, limits, state, generation, order } = distribution
  const { platform, kind, version } = order
  return { name, description, platform, kind, version, limits, state, generation }
}

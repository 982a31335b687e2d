/**
 * The enrolment token of a distribution. It is derived from the instance secret and the
 * distribution's id, so it can be put into a package whenever that is built, and is kept nowhere:
 * the database has its SHA-256 only.
 */
import { createHmac, createSecretKey } from 'node:crypto'
import type { DistributionId } from '../base/ids.ts'
import type { InstanceSecret } from '../store/secret.ts'

export function enrolmentToken(
  secret: Pick<InstanceSecret, 'keyFor'>,
  distributionId: DistributionId,
): string {
  // A key of its own below the sealing key, so that no other use of that one can be turned into
  // tokens.
  const key = createHmac('sha256', secret.keyFor('sealing')).update('drydock enrolment v1').digest()
  return createHmac('sha256', createSecretKey(key)).update(distributionId).digest('base64url')
}

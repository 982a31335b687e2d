/**
 * The enrolment token of a distribution. It is derived from the instance secret, the distribution's
 * id and how often its token was revoked, so it can be put into a package whenever that is built,
 * and is kept nowhere: the database has its SHA-256 only.
 */
import { createHmac, createSecretKey } from 'node:crypto'
import type { DistributionId } from '../base/ids.ts'
import type { InstanceSecret } from '../store/secret.ts'

export function enrolmentToken(
  secret: Pick<InstanceSecret, 'keyFor'>,
  distributionId: DistributionId,
  generation = 0,
): string {
  // A key of its own below the sealing key, so that no other use of that one can be turned into
  // tokens.
  const key = createHmac('sha256', secret.keyFor('sealing')).update('drydock enrolment v1').digest()
  // The first one is of the id alone, as before tokens could be revoked; an id has no colon.
  const whose = generation === 0 ? distributionId : `${distributionId}:${generation}`
  return createHmac('sha256', createSecretKey(key)).update(whose).digest('base64url')
}

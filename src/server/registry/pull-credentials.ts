/**
 * What a distribution's cluster shows the registry. Derived like the enrolment token and with it
 * (the same secret, id and generation; another context), so it is kept nowhere, and dies when the
 * token is revoked or the distribution deleted. Neither of the two gives the other away.
 */
import { createHmac, createSecretKey } from 'node:crypto'
import type { DistributionId } from '../../base/ids.ts'
import type { InstanceSecret } from '../../store/secret.ts'

export type PullCredentials = { readonly username: string; readonly password: string }

export function pullCredentials(
  secret: Pick<InstanceSecret, 'keyFor'>,
  distribution: { readonly id: DistributionId; readonly generation: number },
): PullCredentials {
  const { id, generation } = distribution
  const key = createHmac('sha256', secret.keyFor('sealing')).update('drydock image pull v1')
  // An id has no colon, so no two distributions and generations read the same.
  const password = createHmac('sha256', createSecretKey(key.digest()))
    .update(`${id}:${generation}`)
    .digest('base64url')
  return { username: id, password }
}

/** The content of a Kubernetes secret of type `kubernetes.io/dockerconfigjson`. */
export function dockerConfig(registry: string, { username, password }: PullCredentials): string {
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  return JSON.stringify({ auths: { [registry]: { username, password, auth } } })
}

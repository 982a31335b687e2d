/**
 * Who may pull: whoever shows the pull credentials of a distribution that is there, as Basic (RFC
 * 7617), which every client of registries can do. Images hold nothing of any distribution, so all
 * of them may be pulled with any.
 */
import { equalInConstantTime } from '../../base/digest.ts'
import { type DistributionId, isId } from '../../base/ids.ts'
import { loadDistribution } from '../../store/distributions.ts'
import type { Database } from '../../store/open.ts'
import type { InstanceSecret } from '../../store/secret.ts'
import { type HttpAnswer, type HttpRequest, headerOf } from '../http/exchange.ts'
import { originOf } from '../http/public-edge.ts'
import type { RefusedAttempts } from '../http/refused-attempts.ts'
import { type PullCredentials, pullCredentials } from './pull-credentials.ts'
import { registryError } from './registry-error.ts'

export type AccessNeeds = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'keyFor'>
  readonly refusedAttempts: Pick<RefusedAttempts, 'note'>
}

const BASIC = /^Basic +([A-Za-z0-9+/=_-]{1,400})$/i

/** Null: welcome. Clients ask without credentials first, to be told which kind is wanted. */
export async function refuseStranger(
  needs: AccessNeeds,
  request: HttpRequest,
): Promise<HttpAnswer | null> {
  const shown = readBasic(headerOf(request.headers, 'authorization'))
  if (shown !== null && (await isGood(needs, shown))) return null
  const wanted = 'the pull credentials of a distribution are needed'
  if (shown !== null) {
    const origin = originOf(request)
    const attempt = { actor: null, origin, call: '/v2', reason: 'unauthorised', sentence: wanted }
    needs.refusedAttempts.note(attempt)
  }
  const challenge = { 'www-authenticate': 'Basic realm="Drydock", charset="UTF-8"' }
  return registryError('UNAUTHORIZED', wanted, challenge)
}

function readBasic(header: string | undefined): PullCredentials | null {
  const [, encoded] = BASIC.exec(header ?? '') ?? []
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon < 0) return null
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

async function isGood(needs: AccessNeeds, shown: PullCredentials): Promise<boolean> {
  if (!isId(shown.username)) return false
  const id = shown.username as DistributionId // Its spelling was just checked.
  const distribution = await loadDistribution(needs.database.read, id)
  if (distribution === undefined || distribution.state === 'withdrawn') return false
  const { password } = pullCredentials(needs.secret, distribution)
  return equalInConstantTime(shown.password, password)
}

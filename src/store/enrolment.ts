/**
 * What an enrolment is decided on. Whoever enrols holds the distribution's row: shared where
 * nothing is counted, so that a thousand machines of one image come in side by side, and alone
 * where a limit is, so that it is exact.
 */
import type { Selectable } from 'kysely'
import type { Instant } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import type { DistributionId } from '../base/ids.ts'
import type { EnrolmentDistribution } from '../domain/endpoint/enrol-endpoint.ts'
import type { Writer } from './open.ts'
import type { DistributionTable } from './tables.ts'

/** Null where no distribution of that id has, or had, this token. */
export async function lockEnrolmentDistribution(
  writer: Writer,
  id: DistributionId,
  tokenDigest: Digest,
): Promise<EnrolmentDistribution | null> {
  const wanted = writer
    .selectFrom('distribution')
    .select(['state', 'enrolments_max', 'enrol_until'])
    .where('id', '=', id)
    .where('token_digest', '=', tokenDigest)
  const unlimited = await wanted.where('enrolments_max', 'is', null).forShare().executeTakeFirst()
  const row = unlimited ?? (await wanted.forNoKeyUpdate().executeTakeFirst())
  if (row !== undefined) return await withEnrolments(writer, id, row)
  const revoked = await writer
    .selectFrom('revoked_token')
    .select('revoked_at')
    .where('token_digest', '=', tokenDigest)
    .where('distribution_id', '=', id)
    .executeTakeFirst()
  return revoked === undefined ? null : { kind: 'token-revoked' }
}

async function withEnrolments(
  writer: Writer,
  id: DistributionId,
  row: Pick<Selectable<DistributionTable>, 'state' | 'enrolments_max' | 'enrol_until'>,
): Promise<EnrolmentDistribution> {
  if (row.state === 'withdrawn') return { kind: 'withdrawn' }
  const limits = { endpointsMax: row.enrolments_max, until: row.enrol_until }
  if (limits.endpointsMax === null) return { kind: 'open', limits, endpointsCount: 0 }
  const counted = writer
    .selectFrom('endpoint')
    .select('id')
    .where('distribution_id', '=', id)
    .where('deleted_at', 'is', null)
    .limit(limits.endpointsMax)
    .as('counted')
  const { count } = await writer
    .selectFrom(counted)
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return { kind: 'open', limits, endpointsCount: count }
}

/** Of one distribution: older ones are refused as unknown. */
const REVOKED_KEPT_MAX = 100

/** The token gives way to another: who shows the old one is told so. */
export async function saveTokenRevoked(
  writer: Writer,
  id: DistributionId,
  newTokenDigest: Digest,
  now: Instant,
): Promise<void> {
  const old = writer
    .selectFrom('distribution')
    .select((select) => ['token_digest', 'id', select.val(now).as('revoked_at')])
    .where('id', '=', id)
  await writer
    .insertInto('revoked_token')
    .columns(['token_digest', 'distribution_id', 'revoked_at'])
    .expression(old)
    .execute()
  const kept = writer
    .selectFrom('revoked_token')
    .select('token_digest')
    .where('distribution_id', '=', id)
    .orderBy('revoked_at', 'desc')
    .limit(REVOKED_KEPT_MAX)
  await writer
    .deleteFrom('revoked_token')
    .where('distribution_id', '=', id)
    .where('token_digest', 'not in', kept)
    .execute()
  await writer
    .updateTable('distribution')
    .set({ token_digest: newTokenDigest })
    .where('id', '=', id)
    .execute()
}

/** Of a distribution that was deleted: its tokens are refused either way. */
export async function deleteRevokedTokens(writer: Writer, id: DistributionId): Promise<void> {
  await writer.deleteFrom('revoked_token').where('distribution_id', '=', id).execute()
}

import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Scope } from '../domain/access/scope.ts'

/**
 * The domain's rule of the same name for an `endpoint` that a query has found already: also one
 * that was deleted, whose tags are in no index.
 */
export function isInScope(scope: Scope): RawBuilder<SqlBool> {
  if (scope === null) return sql`true`
  const tags = sql`(endpoint.server_tags || (endpoint.facts -> 'endpointTags'))`
  return sql`${tags} ?| ${[...scope.tags]}::text[]`
}

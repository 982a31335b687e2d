/** Lists of releases, withdrawn ones included. Every value of a filter travels as a parameter. */
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Reader } from './open.ts'
import { RELEASE_COLUMNS, releaseOf, type StoredRelease } from './releases.ts'
import type { Tables } from './tables.ts'

export type ReleaseColumn = 'manifest_digest' | 'version' | 'platform' | 'arch' | 'libc'

/** All conditions must hold. */
export type ReleaseCondition =
  | {
      readonly kind: 'is' | 'is-not'
      readonly column: ReleaseColumn
      readonly values: readonly string[]
    }
  | { readonly kind: 'withdrawn' | 'offered' }

/** Oldest version first; all of them where no page is asked for. */
export async function loadReleasePage(
  reader: Reader,
  conditions: readonly ReleaseCondition[],
  page: { readonly offset: number; readonly limit: number } | null,
): Promise<readonly StoredRelease[]> {
  const sorted = listed(reader, conditions)
    .select(RELEASE_COLUMNS)
    .orderBy(sql`string_to_array(version, '.')::bigint[]`)
    .orderBy('published_at')
    .orderBy('manifest_digest')
  const wanted = page === null ? sorted : sorted.offset(page.offset).limit(page.limit)
  return (await wanted.execute()).map(releaseOf)
}

export async function countReleases(
  reader: Reader,
  conditions: readonly ReleaseCondition[],
): Promise<number> {
  const row = await listed(reader, conditions)
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return row.count
}

function listed(reader: Reader, conditions: readonly ReleaseCondition[]) {
  return reader
    .selectFrom('release')
    .where((where) => where.and(conditions.map((condition) => expressionOf(where, condition))))
}

function expressionOf(
  where: ExpressionBuilder<Tables, 'release'>,
  condition: ReleaseCondition,
): Expression<SqlBool> {
  switch (condition.kind) {
    case 'is':
      return isOneOf(where, condition)
    case 'is-not':
      return where.not(isOneOf(where, condition))
    case 'withdrawn':
      return where('withdrawn_at', 'is not', null)
    case 'offered':
      return where('withdrawn_at', 'is', null)
  }
}

function isOneOf(
  where: ExpressionBuilder<Tables, 'release'>,
  { column, values }: { readonly column: ReleaseColumn; readonly values: readonly string[] },
): Expression<SqlBool> {
  return values.length === 0 ? where.lit(false) : where(column, 'in', values)
}

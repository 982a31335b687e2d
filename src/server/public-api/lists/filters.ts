/**
 * The `filters` of the lists: which fields there are, which operators each takes, and what its
 * values may be, as one table for each list.
 */
import { accept, type Result, refuse } from '../../../base/result.ts'
import type { FilterOperator, ListFilter } from '../../../contract/public/list.ts'
import type { FieldError } from '../../../contract/schema.ts'

export type FilterRule = {
  readonly operators: readonly FilterOperator[]
  /**
   * `text`: as it is; `choice`: one of `values`, in any letter case; `time`: milliseconds UTC, as a
   * number or its digits; `number`: an integer likewise.
   */
  readonly kind: 'text' | 'choice' | 'time' | 'number'
  readonly values?: readonly string[]
}

export type FilterRules = Readonly<Record<string, FilterRule>>

/** A filter that was checked; `numbers` where the rule asks for them. */
export type ReadFilter<Field extends string = string> = {
  readonly field: Field
  readonly operator: FilterOperator
  readonly texts: readonly string[]
  readonly numbers: readonly number[]
}

type Outcome<Field extends string> = Result<ReadFilter<Field>, FieldError>

/** All filters must hold; within one, any of its values. What is wrong is told by its place. */
export function readFilters<Rules extends FilterRules>(
  filters: readonly ListFilter[] | null | undefined,
  rules: Rules,
): Result<
  readonly ReadFilter<keyof Rules & string>[],
  { readonly code: 'invalid-request'; readonly errors: readonly FieldError[] }
> {
  const outcomes = (filters ?? []).map((filter, index) => readFilter(filter, rules, index))
  const errors = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.refusal]))
  if (errors.length > 0) return refuse({ code: 'invalid-request', errors })
  return accept(outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : [])))
}

function readFilter<Rules extends FilterRules>(
  filter: ListFilter,
  rules: Rules,
  index: number,
): Outcome<keyof Rules & string> {
  const { field, operator } = filter
  const rule = Object.hasOwn(rules, field) ? rules[field] : undefined
  if (rule === undefined) return bad(index, 'field', `one of ${Object.keys(rules).join(', ')}`)
  if (!rule.operators.includes(operator)) {
    return bad(index, 'operator', rule.operators.join(' or '))
  }
  const values = [filter.value].flat()
  const texts = values.map((value) => foldedFor(rule, String(value)))
  const numbers = values.map(Number)
  if (rule.kind === 'choice' && !texts.every((text) => rule.values?.includes(text))) {
    return bad(index, 'value', `one of ${rule.values?.join(', ')}`)
  }
  if (rule.kind === 'time' || rule.kind === 'number') {
    const isOne = operator === 'in' || numbers.length === 1
    const areAll = values.every(isInteger)
    const what = rule.kind === 'time' ? 'a time in milliseconds UTC' : 'an integer'
    if (!isOne || !areAll) return bad(index, 'value', what)
  }
  return accept({ field: field as keyof Rules & string, operator, texts, numbers }) // Just found.
}

function isInteger(value: string | number): boolean {
  const isWritten = typeof value === 'number' || /^-?\d{1,16}$/.test(value)
  return isWritten && Number.isSafeInteger(Number(value))
}

function foldedFor(rule: FilterRule, text: string): string {
  return rule.kind === 'choice' ? text.trim().toLowerCase() : text
}

function bad(
  index: number,
  part: 'field' | 'operator' | 'value',
  right: string,
): Result<never, FieldError> {
  const loc = ['request_data', 'filters', index, part]
  return refuse({ type: 'invalid_value', loc, msg: `${part} must be ${right}` })
}

import { describe, expect, it } from 'vitest'
import { parse } from '../../../contract/parse.ts'
import { COLUMNS_MAX, FILTER_VALUES_MAX, FILTERS_MAX } from '../../../contract/public/limits.ts'
import { columnNames, listFilters } from '../../../contract/public/list.ts'
import { readColumns } from './columns.ts'
import { type FilterRules, readFilters } from './filters.ts'
import { readPage } from './page.ts'

const RULES = {
  name: { kind: 'text', operators: ['eq', 'contains', 'in'] },
  status: { kind: 'choice', operators: ['eq', 'in'], values: ['good', 'bad'] },
  seen: { kind: 'time', operators: ['gte', 'in'] },
  count: { kind: 'number', operators: ['eq'] },
} as const satisfies FilterRules

function read(filters: unknown) {
  const parsed = parse(listFilters, filters, ['request_data', 'filters'])
  if (!parsed.ok) return { places: parsed.refusal.map(({ loc }) => loc.join('.')) }
  const outcome = readFilters(parsed.value, RULES)
  if (outcome.ok) return outcome.value
  return { places: outcome.refusal.errors.map(({ loc }) => loc.join('.')) }
}

const one = (field: string, operator: string, value: unknown) => read([{ field, operator, value }])

describe('filters', () => {
  it.each([
    ['name', 'eq', 'Web ', { operator: 'eq', texts: ['Web '] }],
    ['name', 'CONTAINS', 'e', { operator: 'contains', texts: ['e'] }],
    ['name', 'IN', ['a', 5], { operator: 'in', texts: ['a', '5'] }],
    ['name', 'eq', true, { operator: 'eq', texts: ['true'] }],
    ['name', 'in', [], { texts: [] }],
    ['status', 'eq', ' GOOD', { texts: ['good'] }],
    ['status', 'in', ['Good', 'bad'], { texts: ['good', 'bad'] }],
    ['seen', 'gte', 1_700_000_000_000, { numbers: [1_700_000_000_000] }],
    ['seen', 'gte', '1700000000000', { numbers: [1_700_000_000_000] }],
    ['seen', 'in', [1, '2'], { numbers: [1, 2] }],
    ['count', 'eq', -5, { numbers: [-5] }],
  ])('%s %s %o', (field, operator, value, expected) => {
    expect(one(field, operator, value)).toMatchObject([{ field, ...expected }])
  })

  it.each([
    ['surprise', 'eq', 'a', '0.field'],
    ['toString', 'eq', 'a', '0.field'],
    ['name', 'gte', 'a', '0.operator'],
    ['name', 'like', 'a', '0.operator'],
    ['status', 'eq', 'ugly', '0.value'],
    ['status', 'in', ['good', 'ugly'], '0.value'],
    ['seen', 'gte', 'yesterday', '0.value'],
    ['seen', 'gte', '', '0.value'],
    ['seen', 'gte', ' ', '0.value'],
    ['seen', 'gte', '1e3', '0.value'],
    ['seen', 'gte', 1.5, '0.value'],
    ['seen', 'gte', [1, 2], '0.value'],
    ['seen', 'gte', '9'.repeat(16), '0.value'],
    ['name', 'eq', null, '0.value'],
    ['name', 'eq', { a: 1 }, '0.value'],
    ['name', 'eq', 'x'.repeat(501), '0.value'],
    ['name', 'in', Array.from({ length: FILTER_VALUES_MAX + 1 }, () => 'a'), '0.value'],
  ])('refuses %s %s %o at its place', (field, operator, value, place) => {
    expect(one(field, operator, value)).toMatchObject({
      places: [`request_data.filters.${place}`],
    })
  })

  it('are none when there are none, and tell everything that is wrong at once', () => {
    expect([read(undefined), read(null), read([])]).toEqual([[], [], []])
    const wrong = { field: 'x', operator: 'eq', value: 'a' }
    const good = { field: 'name', operator: 'eq', value: 'a' }
    expect(read([wrong, good, wrong])).toEqual({
      places: ['request_data.filters.0.field', 'request_data.filters.2.field'],
    })
    expect(read(Array.from({ length: FILTERS_MAX }, () => good))).toHaveLength(FILTERS_MAX)
    const many = Array.from({ length: FILTERS_MAX + 1 }, () => good)
    expect(read(many)).toEqual({ places: ['request_data.filters'] })
    expect(read([{ ...good, surprise: 1 }])).toEqual({
      places: ['request_data.filters.0.surprise'],
    })
  })
})

describe('pages', () => {
  it.each([
    [{}, { offset: 0, limit: 100 }],
    [
      { search_from: null, search_to: null },
      { offset: 0, limit: 100 },
    ],
    [{ search_from: 50 }, { offset: 50, limit: 100 }],
    [{ search_to: 7 }, { offset: 0, limit: 7 }],
    [
      { search_from: 5, search_to: 5 },
      { offset: 5, limit: 0 },
    ],
    [
      { search_from: 200, search_to: 300 },
      { offset: 200, limit: 100 },
    ],
  ])('%o', (asked, page) => {
    expect(readPage(asked)).toEqual({ ok: true, value: page })
  })

  it.each([
    [{ search_from: 0, search_to: 101 }],
    [{ search_from: 5, search_to: 4 }],
    [{ search_from: 101, search_to: 100 }],
  ])('refuses %o', (asked) => {
    expect(readPage(asked)).toMatchObject({
      refusal: { errors: [{ loc: ['request_data', 'search_to'] }] },
    })
  })
})

describe('columns', () => {
  const row = { a: 1, b: null, c: [1] }
  const known = ['a', 'b', 'c']

  it.each([
    [undefined, row],
    [null, row],
    [['b'], { b: null }],
    [['c', 'a', 'c'], { a: 1, c: [1] }],
  ])('%o', (fields, expected) => {
    const columns = readColumns(fields, known)
    if (!columns.ok) throw new Error(columns.refusal.code)
    expect(columns.value(row)).toEqual(expected)
  })

  it('refuses one that is not there, by its place, and bounds their number', () => {
    expect(readColumns(['a', 'toString'], known)).toMatchObject({
      refusal: { errors: [{ loc: ['request_data', 'fields', 1] }] },
    })
    const names = (length: number) => Array.from({ length }, () => 'a')
    expect(parse(columnNames, names(COLUMNS_MAX)).ok).toBe(true)
    expect(parse(columnNames, names(COLUMNS_MAX + 1)).ok).toBe(false)
    expect(parse(columnNames, []).ok).toBe(false)
  })
})

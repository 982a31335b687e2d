/** Values for a schema of the document: right ones, ones at its limits, and ones beside it. */
import type { Chance } from './chance.ts'
import { HOSTILE_TEXTS, type Texts, textAtLimit, textFor } from './texts.ts'

export type Schema = {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly propertyNames?: Schema
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
}

export type Making = {
  readonly chance: Chance
  readonly texts: Texts
  readonly schemas: Readonly<Record<string, Schema>>
  /** How likely each place is to be wrong. */
  readonly hostility: number
  /** Of the property that the value is for, or is an item of. */
  readonly field?: string
}

const ITEMS_MAX = 6

export function valueFor(schema: Schema, making: Making, depth = 0): unknown {
  const { chance } = making
  if (chance.is(making.hostility)) return hostileFor(schema, making)
  const { $ref, anyOf, oneOf, allOf } = schema
  if ($ref !== undefined) return valueFor(resolved($ref, making), making, depth)
  const choice = anyOf ?? oneOf ?? allOf
  if (choice !== undefined) return valueFor(chance.of(choice), making, depth + 1)
  if (schema.const !== undefined) return schema.const
  const type = Array.isArray(schema.type) ? chance.of(schema.type) : schema.type
  if (type === 'array') return itemsFor(schema, making, depth)
  if (type === 'object') return objectFor(schema, making, depth)
  return scalarFor(schema, type, making)
}

function scalarFor(schema: Schema, type: unknown, { chance, texts, field }: Making): unknown {
  const named = texts.named.get(field ?? '')
  const known = named !== undefined && chance.is(0.7) ? chance.of(named) : undefined
  if (schema.enum !== undefined) return lettered(known ?? chance.of(schema.enum), chance)
  switch (type) {
    case 'string':
      return known === undefined ? textFor(schema, texts, chance) : String(known)
    case 'integer':
    case 'number':
      return known === undefined ? numberFor(schema, chance) : Number(known)
    case 'boolean':
      return chance.is(0.5)
    case 'null':
      return null
    default:
      return chance.of([{}, [], 'x', 1, null, true])
  }
}

export function resolved($ref: string, making: Pick<Making, 'schemas'>): Schema {
  const schema = making.schemas[$ref.split('/').at(-1) ?? '']
  if (schema === undefined) throw new Error(`the document has no ${$ref}`)
  return schema
}

/** Clients differ in letter case. */
function lettered(value: unknown, chance: Chance): unknown {
  if (typeof value !== 'string' || !chance.is(0.2)) return value
  return chance.is(0.5) ? value.toUpperCase() : ` ${value} `
}

/**
 * Small numbers are ids of what the first users made, among them the keys of this very run: they
 * are left alone, unless a limit of the schema names them.
 */
const NUMBER_MIN = 100_000

function numberFor({ minimum, maximum }: Schema, chance: Chance): number {
  const from = minimum ?? NUMBER_MIN
  const to = maximum ?? from + NUMBER_MIN
  return from + chance.below(Math.max(Math.min(to - from, 2 ** 31), 1))
}

function itemsFor(schema: Schema, making: Making, depth: number): unknown[] {
  const { chance } = making
  const { minItems = 0, maxItems = ITEMS_MAX } = schema
  // One column that a list does not have is enough to be refused.
  const most = making.field === 'fields' ? 1 : Math.min(maxItems, ITEMS_MAX)
  const count = Math.max(minItems, chance.below(most + 1))
  return Array.from({ length: count }, () => valueFor(schema.items ?? {}, making, depth + 1))
}

function objectFor(schema: Schema, making: Making, depth: number): Record<string, unknown> {
  const { chance } = making
  const { properties = {}, required = [], additionalProperties } = schema
  if ('operator' in properties && chance.is(0.6)) return filterFor(making)
  const value: Record<string, unknown> = {}
  const density = chance.of([0, 0.1, 0.4, 0.9])
  for (const [name, member] of Object.entries(properties)) {
    const isWanted = required.includes(name) ? !chance.is(making.hostility) : chance.is(density)
    if (isWanted) value[name] = valueFor(member, { ...making, field: name }, depth + 1)
  }
  if (typeof additionalProperties === 'object') {
    const names = schema.propertyNames ?? { type: 'string' }
    for (let count = chance.below(3); count > 0; count--) {
      const name = textFor(names, making.texts, chance)
      value[name] = valueFor(additionalProperties, making, depth + 1)
    }
  }
  if (chance.is(making.hostility)) define(value, chance.of(HOSTILE_TEXTS), 1)
  return value
}

/** Which operators and values a field takes, the document tells in sentences only. */
function filterFor({ chance, texts }: Making): Record<string, unknown> {
  const [field, operator, value] = chance.of(FILTERS)
  const ids = texts.named.get('endpoint_id') ?? []
  return { field, operator, value: field === 'endpoint_id_list' ? [chance.of(ids)] : value }
}

const FILTERS: readonly (readonly [string, string, unknown])[] = [
  ['endpoint_id_list', 'in', null],
  ['endpoint_id_list', 'IN', null],
  ['hostname', 'in', ['fuzz-1', 'fuzz-2']],
  ['platform', 'in', ['linux']],
  ['platform', 'eq', 'linux'],
  ['endpoint_status', 'in', 'connected'],
  ['name', 'contains', 'KNOWN'],
  ['status', 'eq', 'completed'],
  ['timestamp', 'gte', 0],
  ['first_seen', 'lte', '9999999999999'],
  ['id', 'in', [123_456]],
]

/** Also `__proto__`, which an assignment would swallow. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true })
}

/** The same value but for one thing in it. */
export function changed(value: unknown, making: Making): unknown {
  if (typeof value !== 'object' || value === null) return hostileFor({}, making)
  const entries = Object.entries(value)
  if (entries.length === 0 || making.chance.is(0.1)) return hostileFor({}, making)
  const [name, member] = making.chance.of(entries)
  const other = changed(member, making)
  return Array.isArray(value) ? value.with(Number(name), other) : { ...value, [name]: other }
}

export function hostileFor(schema: Schema, making: Making): unknown {
  const { chance } = making
  switch (chance.below(8)) {
    case 0:
      return chance.of([null, true, false, 0, '', [], {}])
    case 1:
      return chance.of([-1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, -0, 101, 1e21])
    case 2:
      return textAtLimit(schema, chance)
    case 3:
      return nested(chance.of([2, 10, 31, 33, 100]), chance)
    case 4:
      return limitOf(schema, chance)
    case 5:
      return { [chance.of(HOSTILE_TEXTS)]: chance.of(HOSTILE_TEXTS) }
    default:
      return chance.of(HOSTILE_TEXTS)
  }
}

function limitOf(schema: Schema, chance: Chance): unknown {
  const { minimum = 0, maximum = 100, maxItems } = schema
  const beside = chance.of([-1, 0, 1])
  if (maxItems === undefined) return chance.of([minimum, maximum]) + beside
  return Array.from({ length: Math.min(maxItems + beside, 11_000) }, () => chance.of(['a', 1]))
}

function nested(depth: number, chance: Chance): unknown {
  let value: unknown = 1
  const isArray = chance.is(0.5)
  for (let level = 0; level < depth; level++) value = isArray ? [value] : { a: value }
  return value
}

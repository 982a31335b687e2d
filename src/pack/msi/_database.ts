/**
 * Tables as the streams of a database: Wine's dlls/msi/table.c and msitools' libmsi are the manual,
 * for there is no other. A table is written by columns; a cell of text is the number of a string
 * that the pool holds once.
 */
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { invariant } from '../../base/invariant.ts'
import type { TailStream } from '../archive/cfb.ts'
import { streamName, tableStreamName } from './_names.ts'
import {
  type Cell,
  type Column,
  type Row,
  SCHEMAS,
  type Schema,
  validationRows,
} from './_schema.ts'

/** The rows of each table, by its name; a table without rows is declared all the same. */
export type Tables = Readonly<Record<string, readonly Row[]>>

/** What a cell of a stream column holds: the stream is named `Table.key`. */
export type Attachment = {
  readonly table: string
  readonly key: string
  readonly bytes: Uint8Array
}

/**
 * UTF-8, so that paths of any script can be written. Windows Installer takes it as a code page of a
 * database; only its own dialogs, of which these packages have none, would not.
 */
export const CODE_PAGE = 65_001

/**
 * Numbers of strings have two bytes, up to this many of them. A package of 10,000 files (the most
 * that any may have) in 1,600 folders has fewer than 30,000.
 */
const STRINGS_MAX = 65_535

/** Column types as `_Columns` holds them. */
const TYPES = { text: 0xd00, translatable: 0xf00, i2: 0x502, i4: 0x104, stream: 0x900 } as const
const NULLABLE = 0x1000
const KEY = 0x2000
/** In a cell of a stream column: there is one. */
const PRESENT = 1

const CATALOGUE: readonly Schema[] = [
  schemaOfCatalogue('_Tables', [['Name', 'text', 64, true]]),
  schemaOfCatalogue('_Columns', [
    ['Table', 'text', 64, true],
    ['Number', 'i2', 2, true],
    ['Name', 'text', 64, false],
    ['Type', 'i2', 2, false],
  ]),
]

export function databaseStreams(
  tables: Tables,
  attachments: readonly Attachment[],
): readonly TailStream[] {
  const used = SCHEMAS.filter(({ name }) => name === '_Validation' || tables[name] !== undefined)
  const pool = new StringPool()
  const rows: Readonly<Record<string, readonly Row[]>> = {
    ...tables,
    _Validation: validationRows(used),
    _Tables: used.map(({ name }) => [name]),
    _Columns: used.flatMap(({ name, columns }) =>
      columns.map((column, index): Row => [name, index + 1, column.name, typeOf(column)]),
    ),
  }
  const encoded = [...used, ...CATALOGUE].flatMap((schema) => {
    const bytes = tableBytes(schema, rows[schema.name] ?? [], pool)
    return bytes.length === 0 ? [] : [{ name: tableStreamName(schema.name), bytes }]
  })
  return [
    ...encoded,
    ...pool.streams(),
    ...attachments.map(({ table, key, bytes }) => {
      return { name: streamName(`${table}.${key}`), bytes }
    }),
  ]
}

function typeOf({ kind, width, isNullable, isKey }: Column): number {
  const own = kind === 'text' || kind === 'translatable' ? width : 0
  return TYPES[kind] | own | (isNullable ? NULLABLE : 0) | (isKey ? KEY : 0)
}

/** Sorted by the primary key as it is written: readers look rows up by it. */
function tableBytes(schema: Schema, rows: readonly Row[], pool: StringPool): Uint8Array {
  const { columns, name } = schema
  const encoded = rows.map((row) => {
    invariant(row.length === columns.length, `a row of ${name} has a cell for each column`)
    return columns.map((column, index) => numberOf(row[index] ?? null, column, pool))
  })
  encoded.sort((left, right) => compareKeys(columns, left, right))
  const parts = columns.map((column, index) => {
    const width = column.kind === 'i4' ? 4 : 2
    const part = Buffer.alloc(width * encoded.length)
    for (const [place, row] of encoded.entries()) {
      part.writeUIntLE(row[index] ?? 0, place * width, width)
    }
    return part
  })
  return concatBytes(parts)
}

/** Null is 0, so numbers are moved up by half of their range. */
function numberOf(cell: Cell, column: Column, pool: StringPool): number {
  if (cell === null) {
    invariant(column.isNullable, `${column.name} is not nullable`)
    return 0
  }
  if (column.kind === 'stream') return PRESENT
  if (typeof cell === 'string') return pool.add(cell)
  return column.kind === 'i2' ? (cell + 0x8000) & 0xffff : (cell + 0x8000_0000) >>> 0
}

function compareKeys(
  columns: readonly Column[],
  left: readonly number[],
  right: readonly number[],
): number {
  for (const [index, { isKey }] of columns.entries()) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (isKey && difference !== 0) return difference
  }
  return 0
}

class StringPool {
  readonly #numbers = new Map<string, number>()
  readonly #counts: number[] = []

  /** The number of a string; the empty one is null, and has none. */
  add(text: string): number {
    invariant(text !== '', 'an empty text is null in a database')
    const number = this.#numbers.get(text) ?? this.#counts.push(0)
    this.#numbers.set(text, number)
    this.#counts[number - 1] = (this.#counts[number - 1] ?? 0) + 1
    return number
  }

  /** Lengths and counts of uses have two bytes each; the first four say the code page. */
  streams(): readonly TailStream[] {
    invariant(this.#counts.length <= STRINGS_MAX, 'the strings are fewer than two bytes can number')
    const texts = [...this.#numbers.keys()].map(utf8)
    const pool = Buffer.alloc(4 * (texts.length + 1))
    pool.writeUInt32LE(CODE_PAGE, 0)
    for (const [index, text] of texts.entries()) {
      pool.writeUInt16LE(text.length, 4 * (index + 1))
      pool.writeUInt16LE(this.#counts[index] ?? 0, 4 * (index + 1) + 2)
    }
    return [
      { name: tableStreamName('_StringPool'), bytes: pool },
      { name: tableStreamName('_StringData'), bytes: concatBytes(texts) },
    ]
  }
}

function schemaOfCatalogue(
  name: string,
  columns: readonly (readonly [string, Column['kind'], number, boolean])[],
): Schema {
  return {
    name,
    columns: columns.map(([column, kind, width, isKey]) => {
      return { name: column, kind, width, isKey, isNullable: false, rule: {} }
    }),
  }
}

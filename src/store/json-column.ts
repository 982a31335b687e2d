import type { ColumnType } from 'kysely'

/** Written with `JSON.stringify`, read as the value. */
export type Json<Value> = ColumnType<Value, string, string>

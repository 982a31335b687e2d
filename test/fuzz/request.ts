/** A call as the document tells it, and a request as it is sent. */
import type { Schema } from './values.ts'

export type Operation = {
  readonly path: string
  readonly method: string
  readonly permission: string | null
  readonly request: Schema | null
  /** Bodies that the document shows. */
  readonly examples: readonly unknown[]
  readonly statuses: readonly string[]
  /** Of the answer with status 200; null where it is no JSON. */
  readonly answer: Schema | null
}

export type FuzzRequest = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Uint8Array
  /** Null where method, path or the credentials are no longer those of a call. */
  readonly operation: Operation | null
}

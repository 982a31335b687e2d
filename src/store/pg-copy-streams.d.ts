/** What we use of pg-copy-streams, which brings no types of its own. */
declare module 'pg-copy-streams' {
  import type { Readable, Writable } from 'node:stream'
  import type { Submittable } from 'pg'

  /** Counted once the stream has ended. */
  type Counted = { readonly rowCount: number | undefined }

  export function to(statement: string): Readable & Submittable & Counted
  export function from(statement: string): Writable & Submittable & Counted
}

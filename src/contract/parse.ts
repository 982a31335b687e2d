import type * as z from 'zod'
import { accept, type Result, refuse } from '../base/result.ts'
import type { FieldError } from './schema.ts'

/** At most this many errors are told at once: enough to mend a request, too few to fill a reply. */
const FIELD_ERRORS_MAX = 20

/**
 * Unknown input becomes typed, once. `root` is where the value stands in the body
 * (`['request_data']`), so that errors name the place as the client wrote it.
 */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  root: readonly string[] = [],
): Result<z.output<Schema>, readonly FieldError[]> {
  const outcome = schema.safeParse(value, { reportInput: true })
  if (outcome.success) return accept(outcome.data)
  const errors = outcome.error.issues.flatMap((issue) => fieldErrors(issue, root))
  return refuse(errors.slice(0, FIELD_ERRORS_MAX))
}

function fieldErrors(issue: z.core.$ZodIssue, root: readonly string[]): FieldError[] {
  const loc = [
    ...root,
    ...issue.path.map((part) => (typeof part === 'number' ? part : String(part))),
  ]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      return { type: 'extra_forbidden', loc: [...loc, key], msg: `there is no field ${key} here` }
    })
  }
  const isType = issue.code === 'invalid_type' || issue.code === 'invalid_value'
  if (isType && issue.input === undefined) return [{ type: 'missing', loc, msg: 'Field required' }]
  return [{ type: issue.code, loc, msg: issue.message }]
}

/** One sentence for a person: where, and what would be right. */
export function sentenceOf(errors: readonly FieldError[]): string {
  const [first] = errors
  if (first === undefined) return 'the request is invalid'
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return `${first.loc.join('.') || 'body'}: ${first.msg}${more}`
}

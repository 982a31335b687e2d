import * as z from 'zod'
import type { FieldError } from '../schema.ts'

/**
 * An error as both readers know it: the two documents type the three fields at the top level with
 * `err_code` a string; real clients read them inside `reply`, with `err_code` an integer and
 * `err_extra` a string or the array of field errors. `reason` is ours: the code to look up in
 * docs/reasons.md.
 */
export const errorBody = z.object({
  err_code: z.string(),
  err_msg: z.string(),
  err_extra: z.string(),
  reply: z.object({
    err_code: z.int(),
    err_msg: z.string(),
    err_extra: z.union([z.string(), z.array(z.unknown())]),
    reason: z.string(),
    /** Which one has the name already, where that is what is wrong. */
    distribution_id: z.string().optional(),
  }),
})
export type ErrorBody = z.infer<typeof errorBody> & {
  readonly reply: { readonly err_extra: string | readonly FieldError[] }
}

/** The JSON Schema (draft 2020-12, as OpenAPI 3.1 has it) of what a zod schema takes or gives. */
import * as z from 'zod'

export type JsonSchema = Readonly<Record<string, unknown>>

/** What a caller may send: letter case is folded and defaults are filled in afterwards. */
export function requestSchema(schema: z.ZodType): JsonSchema {
  return jsonSchema(schema, 'input')
}

/** What a caller gets. Replies may grow: a client that refuses an unknown key breaks some day. */
export function replySchema(schema: z.ZodType): JsonSchema {
  return jsonSchema(schema, 'output')
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const made = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: ({ jsonSchema: each }) => {
      // What every integer of JSON can be says nothing.
      if (each.minimum === Number.MIN_SAFE_INTEGER) delete each.minimum
      if (each.maximum === Number.MAX_SAFE_INTEGER) delete each.maximum
      if (io === 'output' && each.additionalProperties === false) delete each.additionalProperties
    },
  })
  const { $schema, '~standard': _standard, ...rest } = made
  return rest
}

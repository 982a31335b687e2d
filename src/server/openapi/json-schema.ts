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
      const pattern = portable(each.pattern)
      if (pattern === undefined) delete each.pattern
      else each.pattern = pattern
    },
  })
  const { $schema, '~standard': _standard, ...rest } = made
  return rest
}

/**
 * Clients read the document in languages whose expressions know no `\p{...}` (Python) or cannot
 * look around (Rust, Go), and refuse it whole. What cannot be said otherwise is left to the server.
 */
function portable(pattern: string | undefined): string | undefined {
  const plain = pattern?.replaceAll('\\p{Cc}', '\\u0000-\\u001f\\u007f-\\u009f')
  return plain === undefined || /\\p\{|\(\?[=!<]/.test(plain) ? undefined : plain
}

/** Small JSON files of launcher and agent: read with a limit and a schema, replaced whole. */
import type * as z from 'zod'
import { fromUtf8, utf8 } from '../base/bytes.ts'
import { causeChain } from '../base/fault.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { readIfThere, writeDurably } from './machine/files.ts'

/** Far above what any of them holds; a file that grew beyond is damage. */
const JSON_BYTES_MAX = 1024 * 1024

export type JsonFileRefusal =
  | { readonly code: 'no-such-file' }
  | { readonly code: 'unreadable'; readonly what: string }

export function readJsonFile<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Result<z.infer<Schema>, JsonFileRefusal> {
  try {
    const bytes = readIfThere(path, JSON_BYTES_MAX)
    return bytes === null ? refuse({ code: 'no-such-file' }) : parseJson(bytes, schema)
  } catch (error) {
    // One file that grew wild, or a bad sector under it, must not keep an endpoint silent.
    return refuse({ code: 'unreadable', what: causeChain(error).join(': ') })
  }
}

export function parseJson<Schema extends z.ZodType>(
  bytes: Uint8Array,
  schema: Schema,
): Result<z.infer<Schema>, { readonly code: 'unreadable'; readonly what: string }> {
  let json: unknown
  try {
    json = JSON.parse(fromUtf8(bytes))
  } catch {
    return refuse({ code: 'unreadable', what: 'not JSON in UTF-8' })
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return accept(parsed.data)
  const [issue] = parsed.error.issues
  return refuse({
    code: 'unreadable',
    what: `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`,
  })
}

export function writeJsonFile(path: string, value: unknown): void {
  writeDurably(path, utf8(`${JSON.stringify(value, null, 2)}\n`), 0o600)
}

/**
 * The OpenAPI document of the public API, made of the very schemas that validate: what is described
 * is what is checked. The same calls give the same document to the byte; `npm run openapi` writes
 * it to `api/openapi.json`, and the server makes its own.
 */
import { errorBody } from '../../contract/public/error.ts'
import {
  KEY_REQUESTS_BURST,
  KEY_REQUESTS_PER_S,
  PAGE_ROWS_MAX,
  REQUEST_BYTES_MAX,
} from '../../contract/public/limits.ts'
import { PUBLIC_API } from '../http/public-edge.ts'
import { type JsonSchema, replySchema } from './json-schema.ts'
import { type DescribedCall, familyOf, operationOf, schemasOf } from './operation.ts'
import type { RawOperations } from './raw-operations.ts'
import { errorResponses } from './statuses.ts'

export function openApiDocument(calls: readonly DescribedCall[], raw: RawOperations): JsonSchema {
  const inOrder = calls.toSorted((left, right) => inAlphabet(left.call.path, right.call.path))
  const described = inOrder.map((each) => [
    `${PUBLIC_API}${each.call.path}`,
    { [each.call.method.toLowerCase()]: operationOf(each) },
  ])
  const rawTags = Object.values(raw).flatMap((methods) =>
    Object.values(methods).flatMap(({ tags }) => (Array.isArray(tags) ? tags.map(String) : [])),
  )
  const families = new Set([...inOrder.map(({ call }) => familyOf(call.path)), ...rawTags])
  return {
    openapi: '3.1.0',
    info: { title: 'Drydock public API', version: '1', description: DESCRIPTION },
    servers: [{ url: '/', description: 'This server' }],
    tags: [...families].toSorted(inAlphabet).map((name) => ({ name })),
    paths: { ...Object.fromEntries(described), ...raw },
    components: {
      schemas: {
        Error: replySchema(errorBody),
        ...Object.assign({}, ...inOrder.map(schemasOf)),
      },
      responses: errorResponses(),
      securitySchemes: SECURITY_SCHEMES,
    },
  }
}

/** By code point: the same on every machine, whatever its language. */
function inAlphabet(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}

const DESCRIPTION = [
  'Every call takes `{"request_data": {...}}` and answers `{"reply": ...}`, unless it says',
  'otherwise. A slash at the end of a path, an empty body, `{}` and the letter case of enumerated',
  'values do not matter; fields that a call does not know are refused by name.',
  '',
  'An error says the same in two places, because clients read both: at the top level `err_code` is',
  'a string, inside `reply` an integer. Programs decide on `reply.reason`.',
  '',
  `Limits: a body has at most ${REQUEST_BYTES_MAX} bytes and a page at most ${PAGE_ROWS_MAX} rows,`,
  `unless a call says otherwise; one key may make ${KEY_REQUESTS_PER_S} requests a second, and`,
  `${KEY_REQUESTS_BURST} at once after a pause. Times are milliseconds UTC.`,
].join('\n')

const SECURITY_SCHEMES: JsonSchema = {
  apiKey: header('Authorization', 'The standard key, as it is.'),
  apiKeyId: header('x-xdr-auth-id', 'The id of the key.'),
  signature: header(
    'Authorization',
    'Of an advanced key: the SHA-256 of key + nonce + timestamp, in hexadecimal.',
  ),
  nonce: header('x-xdr-nonce', 'Any text; usually 64 letters and digits.'),
  timestamp: header('x-xdr-timestamp', 'Milliseconds UTC, at most 15 minutes off.'),
}

function header(name: string, description: string): JsonSchema {
  return { type: 'apiKey', in: 'header', name, description }
}

/** Requests made of the document: calls, and what is done to a call on its way. */
import { bodyFor } from './bodies.ts'
import type { Chance } from './chance.ts'
import type { FuzzRequest, Operation } from './request.ts'
import { SEEDS } from './seeds.ts'
import { HOSTILE_TEXTS } from './texts.ts'
import { changed, type Making, type Schema, valueFor } from './values.ts'
import type { World } from './world.ts'

type Json = Readonly<Record<string, unknown>>
type Described = {
  readonly 'x-permission': string | null
  readonly requestBody?: { readonly content: Readonly<Record<string, Shown>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema: Schema }>> }>
  >
}
type Shown = {
  readonly schema: Schema
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
}
export type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
} & Json

const JSON_TYPE = 'application/json'

export function operationsOf(document: Document): readonly Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      path,
      method: method.toUpperCase(),
      permission: described['x-permission'],
      request: described.requestBody?.content[JSON_TYPE]?.schema ?? null,
      examples: examplesOf(described.requestBody?.content[JSON_TYPE]),
      statuses: Object.keys(described.responses),
      answer: described.responses['200']?.content?.[JSON_TYPE]?.schema ?? null,
    })),
  )
}

function examplesOf(shown: Shown | undefined): readonly unknown[] {
  return Object.values(shown?.examples ?? {}).map(({ value }) => value)
}

/** Of the calls that have a right order, and of the others that have examples. */
const SEED_SHARE = 0.5
const EXAMPLE_SHARE = 0.3
type Drawing = Omit<Making, 'hostility'> & { readonly world: World }

/** Of the calls with hostile values; the others are right wherever the document is. */
const HOSTILE_SHARE = 0.6
const SPOILED_SHARE = 0.2
const BENT_SHARE = 0.15

export function requestFor(
  operations: readonly Operation[],
  making: Drawing,
  credentials: Readonly<Record<string, string>>,
): FuzzRequest {
  const { chance } = making
  const operation = chosen(operations, chance)
  const hostility = chance.is(HOSTILE_SHARE) ? chance.of([0.02, 0.1, 0.5]) : 0
  const value = dataFor(operation, { ...making, hostility })
  const body = bodyFor(value, chance, SPOILED_SHARE)
  const request = {
    method: operation.method,
    path: filledPath(operation.path, making),
    headers: { ...credentials, ...body.headers },
    body: operation.method === 'GET' || operation.method === 'HEAD' ? NOTHING : body.bytes,
    operation: operation.path.includes('{') ? null : operation,
  }
  return chance.is(BENT_SHARE) ? chance.of(BENDINGS)(request, chance) : request
}

/** The request body: an example with one thing changed, or anything that fits the schema. */
function dataFor({ path, request, examples }: Operation, making: Making & Drawing): unknown {
  const { chance, hostility, world } = making
  if (request === null) return {}
  const seed = SEEDS[path.replace('/public_api/v1/', '')]
  if (seed !== undefined && chance.is(SEED_SHARE)) {
    const right = { request_data: seed(world, chance) }
    return hostility === 0 ? right : changed(right, making)
  }
  if (examples.length === 0 || !chance.is(EXAMPLE_SHARE)) return valueFor(request, making)
  const example = chance.of(examples)
  return hostility === 0 ? example : changed(example, making)
}

/** What is gone answers nothing more: these come more rarely, so that others find something. */
const DESTRUCTIVE = /delete|withdraw|revoke/

function chosen(operations: readonly Operation[], chance: Chance): Operation {
  const operation = chance.of(operations)
  return DESTRUCTIVE.test(operation.path) && chance.is(0.7) ? chance.of(operations) : operation
}

const NOTHING = new Uint8Array()

function filledPath(path: string, { chance, texts, world }: Drawing): string {
  const isPackage = path.startsWith('/dist/') && world.packages.length > 0
  if (isPackage && chance.is(0.5)) return chance.of(world.packages)
  return path.replaceAll(/\{\w+\}/g, () => {
    const isKnown = texts.known.length > 0 && chance.is(0.5)
    return safely(chance.of(isKnown ? texts.known : HOSTILE_TEXTS))
  })
}

function safely(text: string): string {
  return encodeURIComponent(text.toWellFormed()).slice(0, 1_000) || '%20'
}

type Bending = (request: FuzzRequest, chance: Chance) => FuzzRequest

/** What real clients and curious people do to a request. */
const BENDINGS: readonly Bending[] = [
  // These are still the same call.
  (request) => ({ ...request, path: `${request.path}/` }),
  (request) => ({ ...request, path: `${request.path}?a=1&a=2&__proto__=3&%ff` }),
  (request) => withHeader(request, 'content-type', [JSON_TYPE, JSON_TYPE]),
  (request) => withHeader(request, 'content-type', 'x'.repeat(5_000)),
  (request) => withHeader(request, 'accept', 'text/html;q=0.1, */*;q=oops'),
  (request) => withHeader(request, 'accept-encoding', 'gzip, br, identity;q=0, *;q=-1'),
  (request) => withHeader(request, 'range', 'bytes=0-0,-1,5-2'),
  (request) => withHeader(request, 'if-none-match', 'W/"x", *, "unfinished'),
  (request) => withHeader(request, 'x-forwarded-for', '::1, 999.1.1.1, <script>'),
  (request) => withHeader(request, 'user-agent', 'ü'.repeat(2_000)),
  (request) => withHeader(request, 'cookie', 'a=b; '.repeat(500)),
  (request) => withHeader(request, 'last-event-id', '-1'),
  // These are another one, or none.
  (request, chance) => ({ ...request, method: chance.of(METHODS), operation: null }),
  (request) => elsewhere(request, `${request.path}//`),
  (request) => elsewhere(request, `/${request.path}`),
  (request) => elsewhere(request, request.path.replace('/v1/', '/v1/../v1/./')),
  (request) => elsewhere(request, request.path.replace('/v1/', '/v1/%2e%2e/%2E%2E/etc/')),
  (request) => elsewhere(request, request.path.replace('/v1/', '/V1/')),
  (request) => elsewhere(request, request.path.toUpperCase()),
  (request) => elsewhere(request, `${request.path}%00.json`),
  (request) => elsewhere(request, `${request.path}%ff%fe`),
  (request) => elsewhere(request, `${request.path}%`),
  (request) => elsewhere(request, `${request.path};jsessionid=1`),
  (request) => elsewhere(request, `${request.path}/${'a'.repeat(8_000)}`),
  (request) => elsewhere(request, request.path.replaceAll('/', '%2f')),
  (request) => elsewhere(request, '/docs/../../package.json'),
  (request) => elsewhere(request, '/dist/a/b/%2e%2e%2f%2e%2e%2fadmin-key.json'),
  (request) => elsewhere(request, '*'),
  // Calls of the original that are outside this product.
  (request) => elsewhere(request, '/public_api/v1/incidents/get_incidents'),
  (request) => elsewhere(request, '/public_api/v1/endpoints/isolate/'),
  // And these are somebody else's.
  (request, chance) => strangely(request, 'x-xdr-auth-id', chance.of(AUTH_IDS)),
  (request) => strangely(request, 'authorization', 'Bearer x'),
  (request) => strangely(request, 'authorization', 'ÿ'.repeat(3_000)),
  (request) => strangely(request, 'authorization', ['a', 'b']),
  (request, chance) => strangely(request, 'x-xdr-timestamp', chance.of(AUTH_IDS)),
]

const METHODS = ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'TRACE', 'POST']
const AUTH_IDS = ['', '0', '-1', '01', '1e0', '1.0', ' 1 ', '0x1', '9'.repeat(400), '__proto__']

function withHeader(request: FuzzRequest, name: string, value: string | string[]): FuzzRequest {
  return { ...request, headers: { ...request.headers, [name]: value } }
}

function strangely(request: FuzzRequest, name: string, value: string | string[]): FuzzRequest {
  return { ...withHeader(request, name, value), operation: null }
}

function elsewhere(request: FuzzRequest, path: string): FuzzRequest {
  return { ...request, path, operation: null }
}

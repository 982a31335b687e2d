/** One call of the public API as an operation of the OpenAPI document. */
import type { CallExample, PublicCall } from '../../contract/public/call.ts'
import type { Demands } from '../http/route.ts'
import { type JsonSchema, replySchema, requestSchema } from './json-schema.ts'
import { errorAnswers, statusesOf } from './statuses.ts'

export type DescribedCall = Demands & { readonly call: PublicCall }

export type Operation = Readonly<Record<string, unknown>>

/** `configurations/agent/auto_upgrade/set` is `configurations_agent_auto_upgrade_set`. */
export function operationId(path: string): string {
  return path.replaceAll(/[^\w]+/g, '_')
}

export const ANY_KEY: readonly JsonSchema[] = [
  { apiKey: [], apiKeyId: [] },
  { signature: [], apiKeyId: [], nonce: [], timestamp: [] },
]

export function operationOf(described: DescribedCall): Operation {
  const { call, permission, licensed } = described
  const id = operationId(call.path)
  return {
    operationId: id,
    tags: [familyOf(call.path)],
    summary: firstSentence(call.summary),
    description: descriptionOf(described),
    security: ANY_KEY,
    ...(call.method === 'GET' ? {} : { requestBody: requestBodyOf(call, id) }),
    responses: {
      200: {
        description: 'Done, or accepted and durable.',
        content: json(answerSchema(call, id), exampleAnswers(call)),
      },
      ...errorAnswers(statusesOf(call, described)),
    },
    'x-permission': permission,
    ...(licensed === undefined ? {} : { 'x-licensed': licensed }),
    'x-origin': call.origin,
    'x-repeatable': call.isRepeatable,
  }
}

/** What an operation refers to: the types that generated clients will have. */
export function schemasOf({ call }: DescribedCall): Readonly<Record<string, JsonSchema>> {
  const id = operationId(call.path)
  const reply = { [`${id}_reply`]: replySchema(call.reply) }
  if (call.method === 'GET') return reply
  return { [`${id}_request`]: requestSchema(call.request), ...reply }
}

export function familyOf(path: string): string {
  return path.split('/')[0] ?? path
}

function firstSentence(text: string): string {
  return text.split(/(?<=[.:;])\s/)[0]?.replace(/[.:;]$/, '') ?? text
}

function descriptionOf({ call, permission, licensed, isEverywhere }: DescribedCall): string {
  const who =
    permission === null ? 'Any live API key may call it.' : `Permission: \`${permission}\`.`
  const licence = licensed === undefined ? [] : [`The licence must cover ${licensed}.`]
  const reach = isEverywhere ? ['Not for a key with a scope: it holds for all endpoints.'] : []
  const twice = call.isRepeatable
    ? 'Calling it twice is the same as calling it once.'
    : 'Calling it twice does it twice, unless said otherwise.'
  return [call.summary, who, ...licence, ...reach, twice].join(' ')
}

function requestBodyOf(call: PublicCall, id: string): JsonSchema {
  const data = { $ref: `#/components/schemas/${id}_request` }
  const isOptional = call.request.safeParse({}).success
  const wrapped = {
    type: 'object',
    properties: { request_data: data },
    ...(isOptional ? {} : { required: ['request_data'] }),
  }
  const schema = call.body === 'either' ? { anyOf: [wrapped, data] } : wrapped
  return { required: !isOptional, content: json(schema, exampleBodies(call)) }
}

function answerSchema(call: PublicCall, id: string): JsonSchema {
  const reply = { $ref: `#/components/schemas/${id}_reply` }
  if (call.envelope === 'bare') return reply
  return { type: 'object', properties: { reply }, required: ['reply'] }
}

/** The body that an example is: told whole, or as what stands in `request_data`. */
export function bodyOf(example: CallExample): unknown {
  return isWhole(example.request, 'request_data')
    ? example.request
    : { request_data: example.request }
}

function isWhole(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && key in value
}

type Examples = Readonly<Record<string, unknown>>

function exampleBodies(call: PublicCall): Examples {
  return named(call.examples.map((example) => [example.name, bodyOf(example)]))
}

function exampleAnswers(call: PublicCall): Examples {
  const told = call.examples.filter(({ reply }) => reply !== undefined)
  const whole = (reply: unknown) =>
    call.envelope === 'bare' || isWhole(reply, 'reply') ? reply : { reply }
  return named(told.map(({ name, reply }) => [name, whole(reply)]))
}

function named(examples: readonly (readonly [string, unknown])[]): Examples {
  return Object.fromEntries(
    examples.map(([name, value]) => [operationId(name), { summary: name, value }]),
  )
}

function json(schema: JsonSchema, examples: Examples): JsonSchema {
  const shown = Object.keys(examples).length === 0 ? {} : { examples }
  return { 'application/json': { schema, ...shown } }
}

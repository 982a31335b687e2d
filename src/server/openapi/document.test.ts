import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type PublicCall, publicCall } from '../../contract/public/call.ts'
import { folded } from '../../contract/public/list.ts'
import { openApiDocument } from './document.ts'
import type { DescribedCall } from './operation.ts'

const ORDER = publicCall({
  path: 'things/order',
  summary: 'Orders a thing. It is durable when this answers.',
  origin: 'documented',
  request: z.strictObject({ kind: folded(['large', 'small']), count: z.int().max(9).nullish() }),
  reply: z.object({ id: z.int(), at: z.string().transform(Number).optional() }),
  isRepeatable: false,
  examples: [
    { name: 'the document: a large one', request: { kind: 'large' }, reply: { id: 1 } },
    { name: 'a whole body', request: { request_data: { kind: 'small' }, mine: 1 } },
  ],
})

type Shown = Readonly<Record<string, Record<string, Record<string, unknown>>>>

function documented(call: PublicCall, demands: Partial<DescribedCall> = {}) {
  const document = openApiDocument([{ permission: null, ...demands, call }], {})
  const { paths, components } = document as Record<'paths' | 'components', Shown>
  const methods: Record<string, Record<string, unknown>> = paths[`/public_api/v1/${call.path}`] ??
  {}
  return { operation: methods[call.method.toLowerCase()] ?? {}, schemas: components.schemas ?? {} }
}

describe('openApiDocument', () => {
  it('shows what is validated: letter case folded, unknown fields refused, replies open', () => {
    const { schemas } = documented(ORDER)
    expect(schemas.things_order_request).toEqual({
      type: 'object',
      properties: {
        kind: {
          type: 'string',
          enum: ['large', 'small'],
          description: 'In any letter case.',
        },
        count: { anyOf: [{ type: 'integer', maximum: 9 }, { type: 'null' }] },
      },
      required: ['kind'],
      additionalProperties: false,
    })
    expect(schemas.things_order_reply).toEqual({
      type: 'object',
      properties: { id: { type: 'integer' }, at: {} },
      required: ['id'],
    })
  })

  it('has no expression that only some languages know', () => {
    const request = z.object({
      digits: z.string().regex(/^\d+$/),
      tag: z.string().regex(/^[^,\p{Cc}]+$/u),
      name: z.string().regex(/^\p{L}+$/u),
      path: z.string().regex(/^(?!\.).+$/),
    })
    expect(documented({ ...ORDER, request }).schemas.things_order_request?.properties).toEqual({
      digits: { type: 'string', pattern: '^\\d+$' },
      tag: { type: 'string', pattern: '^[^,\\u0000-\\u001f\\u007f-\\u009f]+$' },
      name: { type: 'string' },
      path: { type: 'string' },
    })
  })

  it('wraps requests and replies as the call has them', () => {
    const wrapped = documented(ORDER).operation
    expect(wrapped).toMatchObject({
      operationId: 'things_order',
      tags: ['things'],
      summary: 'Orders a thing',
      requestBody: { required: true },
      'x-permission': null,
      'x-origin': 'documented',
    })
    const either = documented({ ...ORDER, body: 'either', envelope: 'bare' }).operation
    expect(JSON.stringify(either.requestBody)).toContain('"anyOf":[{"type":"object"')
    const bare = { schema: { $ref: '#/components/schemas/things_order_reply' } }
    expect(either.responses).toMatchObject({ 200: { content: { 'application/json': bare } } })
    const read = documented({ ...ORDER, method: 'GET' })
    expect(read.operation.requestBody).toBeUndefined()
    expect(Object.keys(read.schemas)).toEqual(['Error', 'things_order_reply'])
  })

  it('shows examples as bodies, however they are told', () => {
    const text = JSON.stringify(documented(ORDER).operation)
    expect(text).toContain('"value":{"request_data":{"kind":"large"}}')
    expect(text).toContain('"value":{"request_data":{"kind":"small"},"mine":1}')
    expect(text).toContain('"value":{"reply":{"id":1}}')
  })

  it('tells 402 and 403 only where there is a licence or a permission to lack', () => {
    const statuses = (demands: Partial<DescribedCall>) =>
      Object.keys(documented(ORDER, demands).operation.responses ?? {})
    const always = ['200', '400', '401', '408', '413', '429', '500', '503']
    expect(statuses({})).toEqual(always)
    const both = statuses({ permission: 'endpoints.view', licensed: 'upgrades' })
    expect(both.filter((status) => !always.includes(status))).toEqual(['402', '403'])
  })

  it('is the same whatever the order of the calls', () => {
    const calls = ['b/c', 'a/b', 'a/B'].map((path) => ({
      permission: null,
      call: { ...ORDER, path },
    }))
    expect(JSON.stringify(openApiDocument(calls.toReversed(), {}))).toBe(
      JSON.stringify(openApiDocument(calls, {})),
    )
  })
})

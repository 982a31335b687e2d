/** The judge of the fuzz sees what it is there for. */
import { describe, expect, it } from 'vitest'
import { agentFlaws } from './agents.ts'
import { judgeFor } from './judge.ts'
import { growthOf, quartersOf } from './memory.ts'
import type { FuzzRequest } from './request.ts'
import { type Document, operationsOf } from './requests.ts'

const json = (schema: object) => ({ content: { 'application/json': { schema } } })
const DOCUMENT: Document = {
  paths: {
    '/public_api/v1/a/b': {
      post: {
        'x-permission': null,
        responses: { 200: json({ type: 'object', required: ['reply'] }), 400: {}, 500: {} },
      },
    },
  },
  components: { schemas: {} },
}
const judge = judgeFor(DOCUMENT)
const [operation = null] = operationsOf(DOCUMENT)
const REQUEST: FuzzRequest = {
  method: 'POST',
  path: '/public_api/v1/a/b',
  headers: {},
  body: new Uint8Array(),
  operation,
}

function error(status: number, reason: string, sentence = 'no'): string {
  const flat = { err_code: String(status), err_msg: 'no', err_extra: sentence }
  return JSON.stringify({ ...flat, reply: { ...flat, err_code: status, reason } })
}

describe('an answer', () => {
  it.each<[string, number, string, readonly RegExp[]]>([
    ['a reply', 200, '{"reply":1}', []],
    ['a refusal', 400, error(400, 'invalid-request'), []],
    ['a business refusal', 500, error(500, 'nothing-eligible'), []],
    ['a bug', 500, error(500, 'internal'), [/^status 500: internal$/]],
    ['a fault', 503, error(503, 'x'), [/does not tell/, /^status 503: x$/]],
    ['a status that is told nowhere', 404, error(404, 'x'), [/status 404, which/]],
    ['an error of another kind', 400, '{"message":"no"}', [/no error body/]],
    ['an error that is no JSON', 400, '<html>', [/no error body/]],
    ['an error under another number', 400, error(404, 'x'), [/calls itself 404/]],
    ['an error with the inside out', 400, error(400, 'x', 'at a (b.ts:1:2)'), [/tells of the/]],
    ['a reply beside its schema', 200, '{}', [/beside its schema/]],
    ['a reply that is no JSON', 200, 'ok', [/beside its schema/]],
  ])('%s', (_name, status, text, expected) => {
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    const found = judge(REQUEST, { status, headers, text })
    expect(found).toEqual(expected.map((flaw) => expect.stringMatching(flaw)))
  })

  it('without JSON where an error is, and empty on a connection that stays', () => {
    const html = { status: 400, headers: { 'content-type': 'text/html' }, text: 'no' }
    expect(judge(REQUEST, html)).toEqual(['a 400 that is no JSON'])
    expect(judge(REQUEST, { status: 400, headers: {}, text: '' })).toEqual(['an empty 400'])
  })
})

describe('an answer to an agent', () => {
  const nothing = '"server_time":1,"want_facts":false,"acknowledged_attempt":null'
  it.each<[string, string, number, string, readonly RegExp[]]>([
    ['a refusal', 'check-in', 401, '{"code":"a","message":"b"}', []],
    ['a refusal of the public API', 'check-in', 401, error(401, 'x'), [/a 401 at .* another form/]],
    ['a bug', 'enrol', 500, '{"code":"a","message":"b"}', [/status 500/]],
    [
      'nothing to do',
      'check-in',
      200,
      `{${nothing},"interval_s":1,"instruction":{"kind":"nothing"}}`,
      [],
    ],
    ['an instruction of no kind', 'check-in', 200, `{${nothing},"interval_s":1}`, [/a 200 at/]],
    ['an endpoint without a credential', 'enrol', 200, '{"endpoint_id":"1"}', [/a 200 at/]],
  ])('%s', (_name, place, status, text, expected) => {
    const request = { ...REQUEST, path: `/agent/v1/${place}`, operation: null }
    const found = agentFlaws(request, { status, headers: {}, text })
    expect(found).toEqual(expected.map((flaw) => expect.stringMatching(flaw)))
  })
})

describe('memory', () => {
  it('that wanders does not grow, and what stays of every request does', () => {
    const wandering = Array.from({ length: 40 }, (_each, index) => 100 + (index % 5))
    expect(growthOf(quartersOf(wandering)).mb).toBe(0)
    const leaking = wandering.map((each, index) => each + index)
    expect(growthOf(quartersOf(leaking)).mb).toBe(20)
  })
})

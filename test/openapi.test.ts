/** `api/openapi.json`: fresh, an OpenAPI 3.1 document, complete, its examples true. */
import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { bodyOf, operationId } from '../src/server/openapi/operation.ts'
import { openApiText } from '../src/server/openapi/public-document.ts'
import { RAW_OPERATIONS } from '../src/server/openapi/raw-operations.ts'
import { STATUSES_OF_CALLS } from '../src/server/openapi/statuses.ts'
import { OUTSIDE_ROUTES } from '../src/server/public-api/outside.ts'
import { PUBLIC_ROUTES, RAW_ROUTES } from '../src/server/public-api/routes.ts'

type Operation = {
  readonly operationId: string
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}
type Content = Readonly<
  Record<string, { readonly schema: object; readonly examples?: Readonly<Record<string, Example>> }>
>
type Example = { readonly summary: string; readonly value: unknown }

const text = openApiText()
const document = JSON.parse(text)
const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
ajv.addSchema(document, 'api')

/** What is wrong with a value of the content at a place of the document. */
function flawsOf(value: unknown, place: readonly string[]): readonly ErrorObject[] {
  const escaped = place.map((part) => encodeURIComponent(part.replaceAll('/', '~1')))
  const validate = ajv.compile({ $ref: `api#/${escaped.join('/')}/schema` })
  validate(value)
  return validate.errors ?? []
}

describe('api/openapi.json', () => {
  it('is what the code says: `npm run openapi` writes it anew', () => {
    expect(readFileSync('api/openapi.json', 'utf8') === text, 'run npm run openapi').toBe(true)
    expect(openApiText()).toBe(text)
  })

  it('is an OpenAPI 3.1 document', async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(text))
    expect(errors ?? []).toEqual([])
    expect(valid).toBe(true)
  })

  it('has every call once, with an id of its own', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { call } of PUBLIC_ROUTES) expect(ids).toContain(operationId(call.path))
    const raw = RAW_ROUTES.filter((route) => !OUTSIDE_ROUTES.includes(route)).flatMap(
      ({ path, methods }) => methods.map((method) => `${method} ${path}`),
    )
    const told = Object.entries(RAW_OPERATIONS).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${asRoute(path)}`),
    )
    expect(told.toSorted()).toEqual(raw.toSorted())
  })

  it('tells statuses of calls that exist', () => {
    const paths = PUBLIC_ROUTES.map(({ call }) => call.path)
    expect(paths).toEqual(expect.arrayContaining(Object.keys(STATUSES_OF_CALLS)))
  })

  it('is small enough to be read at once', () => {
    expect(text.length).toBeLessThan(2 * 1024 * 1024)
  })
})

/** `{name}` of OpenAPI is `:name` of a route. */
function asRoute(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

describe('the examples of api/openapi.json', () => {
  it('are there for every call, and show what calls of ours answer', () => {
    const bare = PUBLIC_ROUTES.filter(({ call }) => call.examples.length === 0)
    expect(bare.map(({ call }) => call.path)).toEqual([])
    const ours = PUBLIC_ROUTES.filter(({ call }) => call.origin === 'ours')
    const silent = ours.filter(({ call }) =>
      call.examples.every(({ reply }) => reply === undefined),
    )
    expect(silent.map(({ call }) => call.path)).toEqual([])
  })

  it('have names of their own within a call', () => {
    for (const { call } of PUBLIC_ROUTES) {
      const names = call.examples.map(({ name }) => operationId(name))
      expect(new Set(names).size, call.path).toBe(names.length)
    }
  })

  const rows = PUBLIC_ROUTES.flatMap(({ call }) =>
    call.examples.map((example) => ({ title: `${call.path}: ${example.name}`, call, example })),
  )
  it.each(rows)('$title fits the schema', ({ call, example }) => {
    const method = call.method.toLowerCase()
    const at = ['paths', `/public_api/v1/${call.path}`, method]
    const json = ['content', 'application/json']
    // What a document shows may be wrong in itself; the parser that refuses it is the same one.
    const isTaken = call.request.safeParse(example.request).success
    if (call.method === 'POST' && isTaken) {
      const flaws = (body: unknown) => flawsOf(body, [...at, 'requestBody', ...json])
      const body = bodyOf(example)
      // The document shows enumerated values in small letters; the server takes any.
      if (flaws(body).length > 0) expect(flaws(lowered(body))).toEqual([])
    }
    if (example.reply === undefined) return
    const answer = document.paths[at[1] ?? ''][method].responses[200].content['application/json']
    const { value } = answer.examples[operationId(example.name)]
    const flaws = flawsOf(value, [...at, 'responses', '200', ...json])
    // The original's replies have less than ours, which say more.
    expect(flaws.filter(({ keyword }) => keyword !== 'required')).toEqual([])
  })
})

function lowered(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body).toLowerCase())
}

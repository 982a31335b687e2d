/** What an answer may be, whatever was asked. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { errorBody } from '../../src/contract/public/error.ts'
import type { FuzzRequest, Operation } from './request.ts'
import type { Document } from './requests.ts'
import type { Answer } from './send.ts'

/** The refusals that this API has always answered with 500 (docs/http-status.md). */
const BUSINESS_REASONS = new Set(['nothing-eligible', 'nothing-released', 'no-endpoint-matches'])

export type Judge = (request: FuzzRequest, answer: Answer) => readonly string[]

export function judgeFor(document: Document): Judge {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, 'api')
  const compiled = new Map<Operation, ValidateFunction>()
  const validatorOf = (operation: Operation) => {
    const known = compiled.get(operation)
    if (known !== undefined) return known
    const path = encodeURIComponent(operation.path.replaceAll('/', '~1'))
    const at = `paths/${path}/${operation.method.toLowerCase()}/responses/200/content`
    const made = ajv.compile({ $ref: `api#/${at}/application~1json/schema` })
    compiled.set(operation, made)
    return made
  }
  return (request, answer) => [
    ...statusFlaws(request, answer),
    ...errorFlaws(request, answer),
    ...leakFlaws(answer),
    ...replyFlaws(request, answer, validatorOf),
  ]
}

function statusFlaws({ operation }: FuzzRequest, { status, text }: Answer): string[] {
  const told = operation?.statuses
  const untold = told !== undefined && status !== 405 && !told.includes(String(status))
  const flaws = untold ? [`status ${status}, which the document does not tell`] : []
  if (status < 500 || status === 501) return flaws
  const reason = /"reason":"([\w-]+)"/.exec(text)?.[1] ?? 'no reason'
  if (status === 500 && BUSINESS_REASONS.has(reason)) return flaws
  // Some of the requests lower the rate at which agents are let in.
  if (status === 503 && text.includes('"code":"busy"')) return flaws
  return [...flaws, `status ${status}: ${reason}`]
}

function errorFlaws(request: FuzzRequest, answer: Answer): string[] {
  const { status, headers, text } = answer
  if (status < 400 || request.method === 'HEAD') return []
  // The parser of HTTP answers for itself, and says nothing more.
  if (text === '') return headers.connection === 'close' ? [] : [`an empty ${status}`]
  if (headers['content-type']?.startsWith('application/json') !== true)
    return [`a ${status} that is no JSON`]
  const body = errorBody.safeParse(parsed(text))
  if (!body.success) return [`a ${status} that is no error body`]
  const { reply, err_code } = body.data
  const isSame = reply.err_code === status && err_code === String(status)
  return isSame ? [] : [`a ${status} that calls itself ${err_code}`]
}

const LEAK = /node_modules|\bat [^\n]*\.ts:\d+|ECONN|postgres|\bselect .* from\b|SQLSTATE/i

function leakFlaws({ status, text }: Answer): string[] {
  const leak = status >= 400 ? LEAK.exec(text)?.[0] : undefined
  return leak === undefined ? [] : [`an error that tells of the inside: ${leak}`]
}

function replyFlaws(
  { operation }: FuzzRequest,
  { status, text }: Answer,
  validatorOf: (operation: Operation) => ValidateFunction,
): string[] {
  if (operation === null || operation.answer === null || status !== 200) return []
  const validate = validatorOf(operation)
  if (validate(parsed(text))) return []
  const [first] = validate.errors ?? []
  return [`a reply beside its schema: ${first?.instancePath} ${first?.message}`]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Best effort: what is no JSON fits no schema, and is told so.
    return undefined
  }
}

/** HTTP as clients of the field write it, and what every error of the public API has. */
import { equal, match } from 'node:assert/strict'
import { type IncomingMessage, request } from 'node:http'
import { type ErrorBody, errorBody } from '../src/contract/public/error.ts'

export const CREATE = '/public_api/v1/distributions/create'
export const UPGRADE = '/public_api/v1/endpoints/upgrade'
export const VERSIONS = '/public_api/v1/distributions/get_versions'

export type Sent = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
}
export type Answer = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** `node:http`, because `fetch` joins headers that come twice, and adds what was not asked for. */
export function send(url: string, sent: Sent): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const asked = request(url, { method: sent.method ?? 'POST', headers: sent.headers ?? {} })
  asked.on('error', reject)
  asked.on('response', async (response) => {
    let text = ''
    for await (const part of response.setEncoding('utf8')) text += part
    resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
  })
  asked.end(sent.body)
  return promise
}

/** The parsed error, which says the same in both places. */
export function errorOf(answer: Answer): ErrorBody {
  // A refusal may tell something of its own beside what all of them do.
  const error = errorBody.parse(JSON.parse(answer.text))
  match(answer.headers['content-type'] ?? '', /^application\/json/)
  equal(error.err_code, String(answer.status))
  equal(error.reply.err_code, answer.status)
  equal(error.reply.err_msg, error.err_msg)
  equal(error.err_extra === '', error.reply.err_extra.length === 0)
  match(error.reply.reason, /^[a-z]+(-[a-z0-9]+)*$/)
  return error as ErrorBody // Its field errors are made by us.
}

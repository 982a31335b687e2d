/**
 * What every agent call has in common: its body, its errors `{code, message}`, and immutable bytes.
 */
import type { Log } from '../../base/log.ts'
import type { AgentAnswer, AgentRoute } from './agent-route.ts'
import type { Pace } from './bandwidth.ts'
import { contentAnswer } from './content-answer.ts'
import {
  type Headers,
  type HttpAnswer,
  type HttpRequest,
  type HttpRoute,
  jsonAnswer,
} from './exchange.ts'
import { failureOf } from './fault-answer.ts'
import { parseJsonFast } from './json.ts'
import type { ArtifactBytes } from './segment-stream.ts'

export type AgentEdgeNeeds = { readonly artifacts: ArtifactBytes; readonly log: Log }

export function agentRoute<Needs extends AgentEdgeNeeds>(
  route: AgentRoute<Needs>,
  needs: Needs,
): HttpRoute {
  return {
    methods: route.method === 'GET' ? ['GET', 'HEAD'] : [route.method],
    path: route.path,
    logLevel: 'debug',
    answer: async (request) => {
      try {
        return await answer(route, needs, request)
      } catch (error) {
        // Best effort: what went wrong is logged with its chain, and told without it.
        const facts = { method: request.method, path: request.path }
        const { status, reason, sentence, headers } = failureOf(error, needs.log, facts)
        return agentError({ status, code: reason, message: sentence, headers })
      }
    },
  }
}

export function agentError(error: {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}): HttpAnswer {
  const { code, message } = error
  return jsonAnswer(error.status, { code, message }, error.headers ?? {})
}

async function answer<Needs extends AgentEdgeNeeds>(
  route: AgentRoute<Needs>,
  needs: Needs,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const bytes = await request.body.read(route.bodyBytesMax)
  if (!bytes.ok) {
    const { code } = bytes.refusal
    return code === 'body-too-large'
      ? agentError({ status: 413, code, message: 'the body is too large' })
      : agentError({ status: 408, code, message: 'the body did not arrive in time' })
  }
  const isEmpty = bytes.value.length === 0
  const parsed = isEmpty ? ({ ok: true, value: undefined } as const) : parseJsonFast(bytes.value)
  if (!parsed.ok) {
    const { code, line, column, message } = parsed.refusal
    const where = `line ${line}, column ${column}: ${message}`
    return agentError({ status: 400, code, message: where })
  }
  const { params, remoteAddress } = request
  const headers = singleHeaders(request.headers)
  const asked = { params, headers, body: parsed.value, remoteAddress }
  return render(await route.answer(needs, asked), request, needs.artifacts)
}

function render(answer: AgentAnswer, request: HttpRequest, artifacts: ArtifactBytes): HttpAnswer {
  switch (answer.kind) {
    case 'json':
      return jsonAnswer(answer.status, answer.body, answer.headers)
    case 'bytes':
      return {
        status: answer.status,
        headers: { 'content-type': answer.contentType },
        body: answer.bytes,
      }
    case 'segments':
      return paced(contentAnswer({ ...answer, fileName: null }, request, artifacts), answer.pace)
  }
}

/** The same answer, leaving no faster than it may. */
export function paced(content: HttpAnswer, pace: Pace | null): HttpAnswer {
  const { body } = content
  if (pace === null || body === null || !(Symbol.asyncIterator in Object(body))) return content
  return { ...content, body: pace(body as AsyncIterable<Uint8Array>) } // It was just looked at.
}

/** Headers that came once; of the others, which none of ours is, nothing is believed. */
function singleHeaders(headers: Headers): Readonly<Record<string, string | undefined>> {
  const single: Record<string, string | undefined> = {}
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (typeof value === 'string') single[name] = value
  }
  return single
}

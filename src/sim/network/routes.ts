/** The routes of a server as the other end of a simulated network: `listen.ts` without sockets. */
import { accept, refuse } from '../../base/result.ts'
import type { HttpRequest, HttpRoute } from '../../server/http/exchange.ts'
import { nothingThere } from '../../server/http/nothing-there.ts'
import { allowedMethods } from '../../server/http/route-match.ts'
import type { Serve, WireRequest } from './network.ts'

type Pattern = { readonly route: HttpRoute; readonly parts: readonly string[] }

export function serveRoutes(routes: readonly HttpRoute[]): Serve {
  const patterns = routes.map((route) => ({ route, parts: route.path.split('/') }))
  return async (request) => {
    const found = match(patterns, request)
    if (found === null) return nothingThere(request.path, allowedMethods(routes, request.path))
    return await found.route.answer(httpRequestOf(request, found.params))
  }
}

function match(patterns: readonly Pattern[], request: WireRequest) {
  const parts = request.path.replace(/\/$/, '').split('/')
  const found = patterns.find(
    ({ route, parts: pattern }) =>
      route.methods.includes(request.method) &&
      pattern.length === parts.length &&
      pattern.every((part, at) => part.startsWith(':') || part === parts[at]),
  )
  if (found === undefined) return null
  const named = found.parts.flatMap((part, at) =>
    part.startsWith(':') ? [[part.slice(1), decodeURIComponent(parts[at] ?? '')]] : [],
  )
  return { route: found.route, params: Object.fromEntries(named) as Record<string, string> }
}

function httpRequestOf(request: WireRequest, params: HttpRequest['params']): HttpRequest {
  const { method, path, headers, body, remoteAddress } = request
  return {
    method,
    path,
    params,
    query: new URLSearchParams(request.query),
    headers,
    remoteAddress,
    body: {
      read: async (limitBytes) =>
        body.length > limitBytes ? refuse({ code: 'body-too-large', limitBytes }) : accept(body),
      async *stream() {
        yield body
      },
    },
  }
}

import { agentError } from './agent-edge.ts'
import { refusalAnswer } from './error-reply.ts'
import type { HttpAnswer } from './exchange.ts'

/** The answer where there is no route, in the words of the API that was meant. */
export function nothingThere(path: string, allowed: readonly string[]): HttpAnswer {
  const isAgent = path.startsWith('/agent/')
  if (allowed.length > 0) {
    if (!isAgent) return refusalAnswer({ code: 'method-not-allowed', allowed })
    const message = `only ${allowed.join(', ')} can be used here`
    const headers = { allow: allowed.join(', ') }
    return agentError({ status: 405, code: 'method-not-allowed', message, headers })
  }
  if (!isAgent) return refusalAnswer({ code: 'route-unknown', path })
  return agentError({ status: 404, code: 'route-unknown', message: `there is nothing at ${path}` })
}

import { registryError } from '../registry/registry-error.ts'
import { agentError } from './agent-edge.ts'
import { refusalAnswer } from './error-reply.ts'
import type { HttpAnswer } from './exchange.ts'

/** The answer where there is no route, in the words of the API that was meant. */
export function nothingThere(path: string, allowed: readonly string[]): HttpAnswer {
  if (path === '/v2' || path.startsWith('/v2/')) return nothingInRegistry(allowed)
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

/** OCI distribution 1.1, "Error Codes": nobody can push here, and names are those of ours. */
function nothingInRegistry(allowed: readonly string[]): HttpAnswer {
  if (allowed.length === 0) return registryError('NAME_UNKNOWN', 'there is no such repository')
  const headers = { allow: allowed.join(', ') }
  return registryError('UNSUPPORTED', 'images can only be pulled from here', headers)
}

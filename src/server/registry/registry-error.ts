/** What clients of a registry are told when it does not give them what they asked for. */
import { type HttpAnswer, jsonAnswer } from '../http/exchange.ts'

/** On every answer: how clients of old tell a registry from any other server. */
export const REGISTRY_HEADERS = { 'docker-distribution-api-version': 'registry/2.0' } as const

/** OCI distribution 1.1, "Error Codes"; the last three are those of Docker's registry. */
const STATUSES = {
  UNAUTHORIZED: 401,
  NAME_UNKNOWN: 404,
  MANIFEST_UNKNOWN: 404,
  BLOB_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  PAGINATION_NUMBER_INVALID: 400,
  UNAVAILABLE: 503,
  UNKNOWN: 500,
} as const
export type RegistryErrorCode = keyof typeof STATUSES

export function registryError(
  code: RegistryErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  const errors = [{ code, message, detail: null }]
  return jsonAnswer(STATUSES[code], { errors }, { ...REGISTRY_HEADERS, ...headers })
}

/** The server's settings, from the environment: the only file that reads it. */
import * as z from 'zod'
import { accept, type Result, refuse } from '../base/result.ts'
import { KEY_REQUESTS_PER_S } from '../contract/public/limits.ts'
import { LICENCE_SHAPE, type Licence, parseLicence } from '../domain/access/licence.ts'
import { type ListenAddress, parseListenAddress } from './listen-address.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

export type Environment = {
  readonly listen: ListenAddress
  readonly dataDir: string
  /** Null: as it listens. */
  readonly publicUrl: string | null
  /** Null: the embedded PostgreSQL. */
  readonly databaseUrl: string | null
  /** Paths of the PEM files; null: no TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | null
  readonly logLevel: (typeof LOG_LEVELS)[number]
  readonly checkInIntervalS: number
  readonly probationS: number
  readonly licence: Licence
  readonly keyRequestsPerS: number
}

export type EnvironmentRefusal = { readonly code: 'environment-invalid'; readonly message: string }

const seconds = (max: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, `a whole number of seconds, 1 to ${max}`)
    .transform(Number)
    .refine((value) => value <= max, `a whole number of seconds, 1 to ${max}`)

const listen = z.string().transform((text, context) => {
  const address = parseListenAddress(text)
  if (address !== null) return address
  context.addIssue('an address and a port, such as 127.0.0.1:8080 or [::1]:8080')
  return z.NEVER
})

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'a URL that starts with http:// or https://' })
  .transform((url) => url.replace(/\/+$/, ''))

const requestsPerS = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, 'a whole number of requests, 1 to 999999')
  .transform(Number)

const licence = z.string().transform((text, context) => {
  const parsed = parseLicence(text)
  if (parsed.ok) return parsed.value
  context.addIssue(LICENCE_SHAPE)
  return z.NEVER
})

const variables = z.object({
  DRYDOCK_LISTEN: listen.optional(),
  DRYDOCK_DATA_DIR: z.string().optional(),
  DRYDOCK_PUBLIC_URL: httpUrl.optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'a URL that starts with postgres://')
    .optional(),
  DRYDOCK_TLS_CERT: z.string().optional(),
  DRYDOCK_TLS_KEY: z.string().optional(),
  DRYDOCK_LOG_LEVEL: z.enum(LOG_LEVELS, { error: `one of ${LOG_LEVELS.join(', ')}` }).optional(),
  DRYDOCK_CHECK_IN_INTERVAL: seconds(86_400).optional(),
  DRYDOCK_PROBATION: seconds(86_400).optional(),
  DRYDOCK_LICENCE: licence.optional(),
  DRYDOCK_KEY_REQUESTS_PER_S: requestsPerS.optional(),
})

export function readEnvironment(): Result<Environment, EnvironmentRefusal> {
  return parseEnvironment(process.env)
}

/** An empty variable is one that is not set. */
export function parseEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Result<Environment, EnvironmentRefusal> {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = variables.safeParse(set)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return invalid(`${issue?.path.join('.')}: it must be ${issue?.message}`)
  }
  const { DRYDOCK_TLS_CERT: cert, DRYDOCK_TLS_KEY: key, ...others } = parsed.data
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = cert === undefined ? ['KEY', 'CERT'] : ['CERT', 'KEY']
    return invalid(`DRYDOCK_TLS_${missing}: it is needed too, because DRYDOCK_TLS_${given} is set`)
  }
  return accept({
    listen: others.DRYDOCK_LISTEN ?? { host: '127.0.0.1', port: 8080 },
    dataDir: others.DRYDOCK_DATA_DIR ?? './data',
    publicUrl: others.DRYDOCK_PUBLIC_URL ?? null,
    databaseUrl: others.DATABASE_URL ?? null,
    tls: cert === undefined || key === undefined ? null : { cert, key },
    logLevel: others.DRYDOCK_LOG_LEVEL ?? 'info',
    checkInIntervalS: others.DRYDOCK_CHECK_IN_INTERVAL ?? 60,
    probationS: others.DRYDOCK_PROBATION ?? 300,
    licence: others.DRYDOCK_LICENCE ?? null,
    keyRequestsPerS: others.DRYDOCK_KEY_REQUESTS_PER_S ?? KEY_REQUESTS_PER_S,
  })
}

function invalid(message: string): Result<never, EnvironmentRefusal> {
  return refuse({ code: 'environment-invalid', message })
}

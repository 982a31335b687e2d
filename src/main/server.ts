/**
 * Puts the server together: what it stands on is opened in order, and closed in the opposite one,
 * whether it stops or fails to start. Nothing here decides anything.
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Clock, systemClock } from '../base/clock.ts'
import { causeChain, Fault } from '../base/fault.ts'
import type { Log } from '../base/log.ts'
import { KEY_REQUESTS_BURST, KEY_REQUESTS_PER_S } from '../contract/public/limits.ts'
import type { Licence } from '../domain/access/licence.ts'
import { assembleServer } from '../server/assemble.ts'
import { listen } from '../server/http/listen.ts'
import { nothingThere } from '../server/http/nothing-there.ts'
import type { RateLimitSettings } from '../server/http/rate-limit.ts'
import { dataFolder } from '../store/data-folder.ts'
import { type AdminKey, openAdminKey } from './admin-key.ts'
import { readApiViewer } from './api-viewer.ts'
import { publishBuiltIn } from './built-in-release.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { buildFolder, openFoundations } from './foundations.ts'
import { isEveryAddress, parseListenAddress, urlOf } from './listen-address.ts'
import { PRODUCT_VERSION } from './product-version.ts'
import { openServerLog } from './server-log.ts'
import { startAdvice } from './start-advice.ts'
import { welcome } from './welcome.ts'

export type ServerOptions = {
  readonly dataDir: string
  /** `127.0.0.1:8080`; port 0 takes a free one. */
  readonly listen: string
  /** How agents reach it; without it, as it listens. */
  readonly publicUrl?: string
  readonly log: Log
  readonly clock?: Clock
  readonly checkInIntervalS: number
  readonly probationS: number
  /** Without it, everything is allowed. */
  readonly licence?: Licence
  readonly keyRequestsPerS?: number
  /** Whether to build and publish the agent of this machine, in the background. */
  readonly publishBuiltIn: boolean
  /** Without it, the embedded PostgreSQL. */
  readonly databaseUrl?: string
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

export type RunningServer = {
  readonly url: string
  /** How agents and people are told to reach it. */
  readonly publicUrl: string
  /** Null: the file was taken away after the first start. */
  readonly adminKey: AdminKey | null
  readonly adminKeyFile: string
  /** Settles when the built-in agent is in the catalogue, or will not get there; never rejects. */
  readonly builtIn: Promise<void>
  /** Performs every effect that is due now. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** Stopping has ten seconds in all; PostgreSQL and the workers need some of them. */
const DRAIN_MS = 5_000
/** For a step that cannot be interrupted. What was not finished is repeated at the next start. */
const BUILT_IN_MS_MAX = 2_000

/**
 * Runs the server that the environment describes until it is told to stop. The exit code: 0 when it
 * was told to, 1 when it could not start.
 */
export async function serve(): Promise<number> {
  const environment = readEnvironment()
  if (!environment.ok) {
    process.stderr.write(`drydock: ${environment.refusal.message}\n`)
    return 1
  }
  const { value } = environment
  const log = openServerLog(value.logLevel, process.stderr)
  // From the very first moment: whoever stops it while it starts gets it stopped, not killed.
  const told = untilTold(log)
  try {
    const server = await startServer(await optionsOf(value, log))
    // What it says to try next works only then.
    await Promise.race([server.builtIn, told])
    process.stdout.write(welcome({ ...server, dataDir: value.dataDir }))
    log.info({ signal: await told }, 'stopping')
    await server.close()
    log.info({}, 'stopped')
    return 0
  } catch (error) {
    // Best effort: there is nobody above but the person at the terminal, who is told all of it.
    process.stderr.write(`drydock: ${causeChain(error).join('\n  because: ')}\n`)
    const advice = error instanceof Fault ? startAdvice(error) : null
    if (advice !== null) process.stderr.write(`  ${advice}\n`)
    if (!(error instanceof Fault)) log.error({ stack: stackOf(error) }, 'the server met a bug')
    return 1
  }
}

function untilTold(log: Log): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.debug({ signal }, 'told to stop')
      resolve(signal)
    })
  }
  return promise
}

async function optionsOf(environment: Environment, log: Log): Promise<ServerOptions> {
  const { listen: address, publicUrl, databaseUrl, tls, ...others } = environment
  return {
    ...others,
    log,
    listen: urlOf(address, 'http').slice('http://'.length),
    publishBuiltIn: true,
    ...(publicUrl === null ? {} : { publicUrl }),
    ...(databaseUrl === null ? {} : { databaseUrl }),
    ...(tls === null ? {} : { tls: await readTls(tls) }),
  }
}

async function readTls(paths: {
  readonly cert: string
  readonly key: string
}): Promise<{ readonly cert: string; readonly key: string }> {
  try {
    return { cert: await readFile(paths.cert, 'utf8'), key: await readFile(paths.key, 'utf8') }
  } catch (cause) {
    const doing = 'reading DRYDOCK_TLS_CERT and DRYDOCK_TLS_KEY'
    throw new Fault({ code: 'certificate-unreadable', doing, retry: 'never', cause })
  }
}

/** Whoever may ask more often may also ask more at once. */
function keyRequestsOf(perS: number): RateLimitSettings {
  return { perS, burst: perS * (KEY_REQUESTS_BURST / KEY_REQUESTS_PER_S) }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const address = parseListenAddress(options.listen)
  if (address === null) {
    throw new Fault({ code: 'listen-address-invalid', doing: options.listen, retry: 'never' })
  }
  const clock = options.clock ?? systemClock
  const folder = dataFolder(resolve(options.dataDir))
  await using opened = new AsyncDisposableStack()
  const { log } = options
  const databaseUrl = options.databaseUrl ?? null
  const base = await openFoundations({ folder, databaseUrl, clock, log }, opened)
  const adminKey = await openAdminKey(folder.adminKey, base)
  const protocol = options.tls === undefined ? 'http' : 'https'
  const settings = {
    publicUrl: options.publicUrl ?? urlOf(address, protocol),
    checkInIntervalS: options.checkInIntervalS,
    probationS: options.probationS,
    licence: options.licence ?? null,
    keyRequests: keyRequestsOf(options.keyRequestsPerS ?? KEY_REQUESTS_PER_S),
    productVersion: PRODUCT_VERSION,
  }
  const apiViewer = await readApiViewer(log)
  const assembled = assembleServer({ ...base, settings, apiViewer })
  opened.defer(() => assembled.stop())
  const { host, port } = address
  const listener = await listen({
    ...{ host, port, clock, log: options.log, tls: options.tls ?? null },
    routes: assembled.routes,
    elsewhere: nothingThere,
    onAnswered: assembled.onAnswered,
  })
  opened.defer(() => listener.close(DRAIN_MS))
  opened.defer(() => assembled.endStreams())
  const url = urlOf({ host, port: listener.port }, protocol)
  if (options.publicUrl === undefined) settings.publicUrl = url
  if (options.publicUrl === undefined && isEveryAddress(address)) {
    options.log.warn({ publicUrl: url }, 'no agent can reach this address: set DRYDOCK_PUBLIC_URL')
  }
  const stopping = new AbortController()
  const builtIn = options.publishBuiltIn
    ? publishBuiltIn(assembled.needs, buildFolder(folder), stopping.signal)
    : Promise.resolve()
  opened.defer(async () => {
    stopping.abort()
    const patience = clock.sleep(BUILT_IN_MS_MAX)
    await Promise.race([builtIn, patience.done])
    patience.cancel()
  })
  const owned = opened.move()
  return {
    url,
    publicUrl: settings.publicUrl,
    adminKey,
    adminKeyFile: folder.adminKey,
    builtIn,
    drain: () => assembled.drain(),
    close: () => owned.disposeAsync(),
  }
}

/**
 * What load balancers and Prometheus ask. No key: they say how the server is, and nothing of what
 * it holds; whoever opens the server to the world puts a proxy before it that keeps these paths to
 * itself.
 */
import { utf8 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { digestOf } from '../base/digest.ts'
import { causeChain } from '../base/fault.ts'
import { invariant } from '../base/invariant.ts'
import type { Log } from '../base/log.ts'
import type { Artifacts } from '../store/artifacts.ts'
import { checkDatabase } from '../store/figures.ts'
import type { Database } from '../store/open.ts'
import { type HttpRoute, jsonAnswer } from './http/exchange.ts'
import type { Metrics } from './metrics.ts'

type Needs = {
  readonly database: Database
  readonly artifacts: Pick<Artifacts, 'putStream'>
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
}

/** Looking costs a query and a write: all who ask within this time are told the same. */
const CHECKS_FRESH_MS = 1_000

type Check = { readonly name: string; readonly isGood: boolean }

export function operatorRoutes(needs: Needs): readonly HttpRoute[] {
  const checks = shareChecks(needs)
  return [
    operatorRoute('/healthz', async () => jsonAnswer(200, { status: 'ok' })),
    operatorRoute('/readyz', async () => {
      const found = await checks()
      const isReady = found.every((check) => check.isGood)
      const body = {
        status: isReady ? 'ready' : 'not-ready',
        checks: Object.fromEntries(found.map((check) => [check.name, check.isGood])),
      }
      return isReady ? jsonAnswer(200, body) : jsonAnswer(503, body, { 'retry-after': '1' })
    }),
    operatorRoute('/metrics', async () => {
      const headers = { 'content-type': needs.metrics.contentType }
      return { status: 200, headers, body: await needs.metrics.render() }
    }),
  ]
}

function operatorRoute(path: string, answer: HttpRoute['answer']): HttpRoute {
  return { methods: ['GET', 'HEAD'], path, logLevel: 'debug', answer }
}

function shareChecks(needs: Needs): () => Promise<readonly Check[]> {
  let last: { readonly at: number; readonly found: Promise<readonly Check[]> } | null = null
  return () => {
    const at = needs.clock.monotonic()
    if (last === null || at - last.at >= CHECKS_FRESH_MS) last = { at, found: checkAll(needs) }
    return last.found
  }
}

async function checkAll(needs: Needs): Promise<readonly Check[]> {
  const database = await attempt(needs.log, 'database', () => checkDatabase(needs.database.read))
  const artifacts = await attempt(needs.log, 'artifacts', () => checkWritable(needs.artifacts))
  return [
    { name: 'database', isGood: database !== null },
    { name: 'artifacts', isGood: artifacts !== null },
    { name: 'release', isGood: database?.isReleased === true },
  ]
}

async function attempt<Value>(
  log: Log,
  name: string,
  check: () => Promise<Value>,
): Promise<Value | null> {
  try {
    return await check()
  } catch (error) {
    // Best effort: that it fails is the answer.
    log.warn({ check: name, error: causeChain(error) }, 'the server is not ready')
    return null
  }
}

/** Content that is not what it is announced as is written, flushed, and removed again. */
async function checkWritable(artifacts: Needs['artifacts']): Promise<'writable'> {
  const source = (async function* () {
    yield utf8('ready?')
  })()
  const put = await artifacts.putStream(source, { limitBytes: 100, digest: digestOf('never') })
  invariant(!put.ok, 'content with another digest is refused')
  return 'writable'
}

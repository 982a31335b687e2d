/** Distributions of an assembled server, as their users meet them. */
import { constants, gunzipSync } from 'node:zlib'
import { type DistributionId, newId, type RunId } from '../../base/ids.ts'
import { invariant } from '../../base/invariant.ts'
import { systemRandom } from '../../base/random.ts'
import { type AuditEntry, loadAudit } from '../../store/audit.ts'
import { loadPackages } from '../../store/packages.ts'
import { segmentsOf } from '../stored-package.ts'
import { type AssembledServer, startAssembledServer } from './assembled.ts'
import { testFacts } from './fleet.ts'

export const ORDER = { name: 'web', platform: 'linux', package_type: 'standalone' } as const

/** A server that has a version to order. */
export async function startServerWithRelease(
  ...options: Parameters<typeof startAssembledServer>
): Promise<AssembledServer> {
  await using opened = new AsyncDisposableStack()
  const server = opened.use(await startAssembledServer(...options))
  await server.publish('1.0.0.1')
  opened.move()
  return server
}

/** Orders a distribution and has it built; its id. */
export async function orderBuilt(
  server: AssembledServer,
  data: Record<string, unknown> = {},
): Promise<string> {
  const { status, body } = await server.call('distributions/create', { ...ORDER, ...data })
  invariant(status === 200, `the order was taken: ${JSON.stringify(body)}`)
  await server.assembled.drain()
  return String(body.reply.distribution_id)
}

/** As `get_distributions` shows it; empty when it does not. */
export async function listedRow(
  server: AssembledServer,
  id: string,
): Promise<Record<string, unknown>> {
  const filters = [{ field: 'distribution_id', operator: 'eq', value: id }]
  const { body } = await server.call('distributions/get_distributions', { filters })
  const [row] = body.reply.data as Record<string, unknown>[]
  return row ?? {}
}

/** The token inside the self-extracting package that the server has now. */
export async function tokenInPackage(server: AssembledServer, id: string): Promise<string> {
  const distributionId = id as DistributionId // As the server gave it.
  const packages = await loadPackages(server.assembled.needs.database.read, distributionId)
  const built = packages.find(({ format }) => format === 'sh')
  invariant(built !== undefined, 'there is such a package')
  const [, ...archive] = await segmentsOf(server.assembled.needs, distributionId, built)
  const text = archive
    .flatMap((segment) => (segment.kind === 'bytes' ? [segment.bytes] : []))
    .map((bytes) => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString())
    .join('')
  const [, token] = /"token": "([^"]+)"/.exec(text) ?? []
  invariant(token !== undefined, 'a package holds a token')
  return token
}

/** Enrols a machine over the socket: `enrolled`, or the code of the refusal. */
export async function enrolWith(
  server: AssembledServer,
  who: { readonly id: string; readonly token: string; readonly hostname: string },
): Promise<string> {
  const answer = await fetch(`${server.url}/agent/v1/enrol`, {
    method: 'POST',
    body: JSON.stringify({
      protocol: 1,
      distribution_id: who.id,
      token: who.token,
      run_id: newId<RunId>(systemRandom),
      facts: testFacts(who.hostname),
      is_copy: false,
    }),
  })
  const body = (await answer.json()) as { readonly code?: string }
  return body.code ?? 'enrolled'
}

/** Everything that was written of distributions or releases, oldest first. */
export async function auditOf(
  server: AssembledServer,
  noun: 'distribution' | 'release',
): Promise<readonly AuditEntry[]> {
  const entries = await loadAudit(server.assembled.needs.database.read, 100)
  return entries.filter(({ action }) => action.startsWith(`${noun}.`)).toReversed()
}

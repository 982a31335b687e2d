/**
 * A small HTTP server that speaks the public API for tests: it checks every request with the
 * contract's schema and every reply of the test with the reply's, so that a test cannot agree with
 * the client on something that is not the contract.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as z from 'zod'
import { digestOf } from '../../base/digest.ts'
import * as keys from '../../contract/public/api-keys.ts'
import * as audits from '../../contract/public/audits.ts'
import type { PublicCall } from '../../contract/public/call.ts'
import * as configurations from '../../contract/public/configurations.ts'
import * as distributions from '../../contract/public/distributions.ts'
import * as changes from '../../contract/public/endpoint-changes.ts'
import * as lists from '../../contract/public/endpoint-lists.ts'
import * as endpoints from '../../contract/public/endpoints.ts'
import * as rbac from '../../contract/public/rbac.ts'
import * as releases from '../../contract/public/releases.ts'
import * as steering from '../../contract/public/rollout-steering.ts'
import * as tags from '../../contract/public/tags.ts'
import * as trust from '../../contract/public/trust.ts'
import * as actions from '../../contract/public/upgrade-actions.ts'
import * as policies from '../../contract/public/upgrade-policies.ts'

const SCHEMAS = {
  'distributions/create': [distributions.createDistribution, distributions.createDistributionReply],
  'distributions/get_status': [
    distributions.distributionRef,
    distributions.distributionStatusReply,
  ],
  'distributions/get_dist_url': [
    distributions.getDistributionUrl,
    distributions.distributionUrlReply,
  ],
  'distributions/get_distributions': [
    distributions.getDistributions,
    distributions.wholeDistributionsReply,
  ],
  'distributions/update': [distributions.updateDistribution, distributions.distributionObject],
  'distributions/delete': [distributions.distributionRef, z.literal(true)],
  'distributions/get_versions': [z.strictObject({}), distributions.versionsReply],
  'releases/missing_artifacts': [releases.missingArtifacts, releases.missingArtifactsReply],
  'releases/publish': [releases.publishRelease, releases.publishReleaseReply],
  'releases/list': [releases.listReleases, releases.wholeReleasesReply],
  'releases/withdraw': [releases.withdrawRelease, releases.withdrawReleaseReply],
  'endpoints/upgrade': [endpoints.upgradeEndpoints, endpoints.upgradeEndpointsReply],
  'endpoints/get_endpoint': [lists.getEndpoint, lists.readEndpointReply],
  'endpoints/get_endpoints': [z.strictObject({}), lists.readEndpointsReply],
  'endpoints/update_agent_name': [changes.updateAgentName, changes.doneReply],
  'endpoints/delete': [changes.deleteEndpoints, changes.doneReply],
  'tags/agents/assign': [tags.tagEndpoints, changes.doneReply],
  'tags/agents/remove': [tags.tagEndpoints, changes.doneReply],
  'endpoints/upgrade/get': [actions.getUpgrade, actions.wholeUpgradeReply],
  'endpoints/upgrade/list': [actions.listUpgrades, actions.wholeUpgradesReply],
  'endpoints/upgrade/cancel': [actions.cancelUpgrade, actions.cancelUpgradeReply],
  'endpoints/upgrade/policies/get': schemasOf(policies.getUpgradePoliciesCall),
  'endpoints/upgrade/policies/set': schemasOf(policies.setUpgradePolicyCall),
  'endpoints/upgrade/policies/delete': schemasOf(policies.deleteUpgradePolicyCall),
  'endpoints/upgrade/explain': schemasOf(steering.explainUpgradeCall),
  'endpoints/upgrade/pause': schemasOf(steering.pauseUpgradeCall),
  'endpoints/upgrade/resume': schemasOf(steering.resumeUpgradeCall),
  'endpoints/upgrade/skip_wave': schemasOf(steering.skipWaveCall),
  'endpoints/upgrade/retry': schemasOf(steering.retryUpgradeCall),
  'endpoints/upgrade/revert': schemasOf(steering.revertUpgradeCall),
  'audits/verify': [audits.verifyAudits, audits.verifyAuditsReply],
  'actions/get_action_status': [endpoints.getActionStatus, endpoints.actionStatusReply],
  'api_keys/generate': [keys.generateApiKey, keys.generateApiKeyReply],
  'api_keys/get_api_keys': [keys.getApiKeys, keys.wholeApiKeysReply],
  'api_keys/rotate': [keys.rotateApiKey, keys.rotateApiKeyReply],
  'rbac/get_users': [rbac.getUsersCall.request, rbac.getUsersCall.reply],
  'rbac/create_user': [rbac.createUserCall.request, rbac.createUserCall.reply],
  'rbac/delete_user': [rbac.deleteUserCall.request, rbac.deleteUserCall.reply],
  'rbac/set_user_role': [rbac.setUserRoleCall.request, rbac.setUserRoleCall.reply],
  'rbac/get_roles': [rbac.getRolesCall.request, rbac.getRolesCall.reply],
  'rbac/create_role': [rbac.createRoleCall.request, rbac.createRoleCall.reply],
  'rbac/delete_role': [rbac.deleteRoleCall.request, rbac.deleteRoleCall.reply],
  'api_keys/delete': [keys.deleteApiKeys, keys.deleteApiKeysReply],
  'configurations/agent/auto_upgrade': schemasOf(configurations.autoUpgradeCalls.get),
  'configurations/agent/auto_upgrade/set': schemasOf(configurations.autoUpgradeCalls.set),
  'configurations/agent/agent_status': schemasOf(configurations.agentStatusCalls.get),
  'configurations/agent/action_center_expiration': schemasOf(
    configurations.actionExpirationCalls.get,
  ),
  'configurations/agent/endpoint_administration_cleanup': schemasOf(
    configurations.cleanupCalls.get,
  ),
  'configurations/agent/endpoint_administration_cleanup/set': schemasOf(
    configurations.cleanupCalls.set,
  ),
  'configurations/agent/content_management': schemasOf(configurations.contentManagementCalls.get),
  'configurations/agent/critical_environment_versions': schemasOf(
    configurations.criticalEnvironmentCalls.get,
  ),
  'configurations/agent/rollout': schemasOf(configurations.rolloutCalls.get),
  'configurations/agent/rollout/set': schemasOf(configurations.rolloutCalls.set),
  'trust/get_package_key': schemasOf(trust.getPackageKeyCall),
  'trust/import_certificate': schemasOf(trust.importCertificateCall),
  'trust/get_certificates': schemasOf(trust.getCertificatesCall),
  'trust/remove_certificate': schemasOf(trust.removeCertificateCall),
} as const

function schemasOf<Request extends z.ZodType, Reply extends z.ZodType>(
  made: PublicCall<Request, Reply>,
): readonly [Request, Reply] {
  return [made.request, made.reply]
}

/** Whose answer stands alone. */
const BARE = /^configurations\/agent\/[a-z_]+$/

type Schemas = typeof SCHEMAS
type Path = keyof Schemas

/** What a test answers to a call instead of a reply. */
export class Answer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status
    this.body = typeof body === 'string' ? body : JSON.stringify(body)
    this.headers = headers
  }
}

/** A "no" as the server words it, in both places. */
export function refusal(status: number, reason: string, message: string): Answer {
  const reply = { err_code: status, err_msg: message, err_extra: '', reason }
  return new Answer(status, { err_code: String(status), err_msg: message, err_extra: '', reply })
}

export type FakeCalls = {
  readonly [Name in Path]?: (
    request: z.output<Schemas[Name][0]>,
  ) => z.input<Schemas[Name][1]> | Answer
}
/** Everything that is no call of the table, such as a download. */
export type FakeFiles = (request: IncomingMessage, response: ServerResponse) => void

export type FakeServer = AsyncDisposable & {
  readonly url: string
  /** `POST distributions/create`, as they came. */
  readonly seen: readonly { readonly call: string; readonly headers: IncomingMessage['headers'] }[]
  /** What was uploaded, by its digest. */
  readonly artifacts: ReadonlyMap<string, Buffer>
}

export async function startFakeServer(
  calls: FakeCalls,
  files: FakeFiles = (_request, response) => response.writeHead(404).end(),
): Promise<FakeServer> {
  const seen: FakeServer['seen'][number][] = []
  const artifacts = new Map<string, Buffer>()
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = /^\/public_api\/v1\/(.+)$/.exec(request.url ?? '')?.[1]
    seen.push({ call: `${request.method} ${path ?? request.url}`, headers: request.headers })
    if (path === undefined) return files(request, response)
    const body = await bytesOf(request)
    const artifact = /^releases\/artifacts\/([0-9a-f]{64})$/.exec(path)?.[1]
    const said =
      artifact === undefined ? answerCall(calls, path, body) : keep(artifacts, artifact, body)
    response.writeHead(said.status, { 'content-type': 'application/json', ...said.headers })
    response.end(said.body)
  }
  const server = createServer((request, response) => {
    // Best effort: a client that goes away in the middle is what some tests are about.
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A listening TCP server has an address of this kind.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    artifacts,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function answerCall(calls: FakeCalls, path: string, body: Buffer): Answer {
  if (!isPath(path)) return refusal(404, 'route-unknown', `no call ${path}`)
  const [requestSchema, replySchema] = SCHEMAS[path]
  const sent = body.length === 0 ? {} : JSON.parse(body.toString()).request_data
  const request = requestSchema.safeParse(sent)
  if (!request.success) return refusal(400, 'invalid-request', z.prettifyError(request.error))
  // Each function takes what its own schema gives; the table cannot say so to the compiler.
  const respond = calls[path] as ((data: unknown) => unknown) | undefined
  if (respond === undefined) return refusal(500, 'route-unknown', `the test has no ${path}`)
  const reply = respond(request.data)
  if (reply instanceof Answer) return reply
  const told = z.parse(replySchema, reply)
  return new Answer(200, BARE.test(path) ? told : { reply: told })
}

function isPath(path: string): path is Path {
  return Object.hasOwn(SCHEMAS, path)
}

function keep(artifacts: Map<string, Buffer>, digest: string, body: Buffer): Answer {
  if (digestOf(body) !== digest) return refusal(400, 'digest-mismatch', 'other bytes came')
  artifacts.set(digest, body)
  return new Answer(200, { reply: { digest, size: body.length, gzip_size: body.length } })
}

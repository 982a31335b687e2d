/** A catalogue and endpoints of a whole server, made as publishers and agents make them. */
import { equal } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { DistributionId } from '../src/base/ids.ts'
import { enrolReply } from '../src/contract/agent/enrol.ts'
import { entryFor } from '../src/contract/manifest.ts'
import { enrolmentToken } from '../src/server/enrolment-token.ts'
import type { AssembledServer } from '../src/server/testing/assembled.ts'
import { testFacts } from '../src/server/testing/fleet.ts'

/** All that is asked of the server; it may be another process. */
export type FleetServer = Pick<AssembledServer, 'url' | 'secret' | 'call' | 'upload'>

/** Versions for a platform, of files that no machine could run. */
export async function publishFor(
  server: FleetServer,
  platform: Parameters<typeof entryFor>[0],
  versions: readonly string[],
): Promise<void> {
  const launcher = await server.upload(Buffer.from(`the launcher for ${platform}`))
  for (const version of versions) {
    const digest = await server.upload(Buffer.from(`the agent ${version} for ${platform}`))
    const files = [{ path: entryFor(platform), digest, executable: false }]
    const made = { version, platform, arch: 'x64', libc: 'none', launcher, files }
    equal((await server.call('releases/publish', made)).status, 200)
  }
}

/** The id of a new distribution. */
export async function orderFor(server: FleetServer, name: string): Promise<DistributionId> {
  const order = { name, platform: 'linux', package_type: 'standalone' }
  const created = await server.call('distributions/create', order)
  equal(created.status, 200)
  return String(created.body.reply.distribution_id) as DistributionId // The server names it so.
}

/** An endpoint that has checked in with version 8.6.0.1; its id. */
export async function enrolEndpoint(
  server: FleetServer,
  hostname: string,
  platform: 'linux' | 'windows',
): Promise<string> {
  return (await enrolAgent(server, hostname, platform)).endpointId
}

export type EnrolledAgent = {
  readonly endpointId: string
  readonly credential: string
  readonly facts: object
  /** What it checked in with. */
  readonly report: Readonly<Record<string, unknown>>
}

/** An endpoint as its agent knows it, after its first check-in. */
export async function enrolAgent(
  server: FleetServer,
  hostname: string,
  platform: 'linux' | 'windows',
): Promise<EnrolledAgent> {
  const id = await orderFor(server, `for ${hostname.replaceAll(/[^\w ]/g, ' ')}`.slice(0, 100))
  const libc = platform === 'linux' ? 'glibc' : 'none'
  const facts = { ...testFacts(hostname), platform, libc, machine_id: `machine of ${hostname}` }
  const run = { protocol: 1, run_id: createHash('md5').update(hostname).digest('hex') }
  const token = enrolmentToken(server.secret, id)
  const asked = { ...run, distribution_id: id, token, facts, is_copy: false }
  const enrolled = await agentCall(server, 'enrol', asked)
  const { endpoint_id: endpointId, credential } = enrolReply.parse(enrolled)
  const report = {
    ...run,
    agent_version: '8.6.0.1',
    manifest_digest: '0'.repeat(64),
    launcher_protocol: 1,
    facts_digest: createHash('sha256').update(JSON.stringify(facts)).digest('hex'),
    facts: null,
    health: { status: 'healthy', details: [] },
    attempt: null,
    skipped: [],
  }
  await agentCall(server, 'check-in', report, `${endpointId}.${credential}`)
  return { endpointId, credential, facts, report }
}

/** The agent is offered its upgrade, and says how its attempt ended. */
export async function endUpgrade(
  server: FleetServer,
  agent: EnrolledAgent,
  phase: 'failed' | 'succeeded',
): Promise<void> {
  const credential = `${agent.endpointId}.${agent.credential}`
  const answered = await agentCall(server, 'check-in', agent.report, credential)
  const { attempt_id, manifest_digest, version } = Object(answered.instruction)
  const reason = phase === 'failed' ? 'wrong-version' : null
  const told = { percent: 100, bytes_done: 1, bytes_total: 1, message: null }
  const now = phase === 'failed' ? {} : { agent_version: version, manifest_digest }
  const report = { ...agent.report, ...now, attempt: { attempt_id, phase, reason, ...told } }
  await agentCall(server, 'check-in', report, credential)
}

/** What the agent API answers, which is 200. */
async function agentCall(
  server: FleetServer,
  path: string,
  body: object,
  credential?: string,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = credential === undefined ? {} : { authorization: `Bearer ${credential}` }
  const sent = { method: 'POST', headers, body: JSON.stringify(body) }
  const answer = await fetch(`${server.url}/agent/v1/${path}`, sent)
  equal(answer.status, 200)
  return (await answer.json()) as Readonly<Record<string, unknown>>
}

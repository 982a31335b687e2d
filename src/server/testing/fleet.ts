/** A catalogue and endpoints for tests of the server: made through the store and the real doors. */
import { ManualClock } from '../../base/clock-manual.ts'
import { type Digest, digestOf } from '../../base/digest.ts'
import { type DistributionId, type EndpointId, newId, type RunId } from '../../base/ids.ts'
import { invariant } from '../../base/invariant.ts'
import { silentLog } from '../../base/log.ts'
import { type Random, systemRandom } from '../../base/random.ts'
import type { AgentVersion } from '../../base/version.ts'
import { type CheckInReply, checkInReply } from '../../contract/agent/check-in.ts'
import { enrolReply } from '../../contract/agent/enrol.ts'
import { NO_FLOORS } from '../../domain/release/floors.ts'
import { saveNewDistribution } from '../../store/distributions.ts'
import type { Database } from '../../store/open.ts'
import { saveArtifact, saveRelease } from '../../store/releases.ts'
import { openTestDatabase, startTestDatabase } from '../../store/testing/database.ts'
import { checkInDoor } from '../agent-api/check-in.ts'
import { createCheckInViews } from '../agent-api/check-in-views.ts'
import { createCheckInWrites } from '../agent-api/check-in-writes.ts'
import { enrolDoor } from '../agent-api/enrol.ts'
import { createLiveConfiguration } from '../configuration.ts'
import type { AgentAnswer } from '../http/agent-route.ts'
import { createBandwidth } from '../http/bandwidth.ts'

/** A Monday, 03:00 UTC. */
export const TEST_START = Date.parse('2026-11-23T03:00:00Z')

export type TestServer = Awaited<ReturnType<typeof startTestServer>>

export async function startTestServer() {
  const database = await startTestDatabase()
  const clock = new ManualClock(TEST_START)
  const configuration = createLiveConfiguration({ database, clock })
  return {
    database,
    clock,
    random: systemRandom,
    checkInLimits: { intervalS: 60, probationS: 300 },
    /** A test plans when it wants to: `advanceRollouts`. */
    wakeRollouts: () => {},
    wakePolicies: () => {},
    checkInViews: createCheckInViews(database),
    checkInWrites: createCheckInWrites(database, clock),
    configuration,
    clusterImage: async (version: string) =>
      `registry.test/drydock/agent@sha256:${digestOf(version)}`,
    log: silentLog,
    bandwidth: createBandwidth({ clock, bytesPerSecond: async () => null }),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

/** Another server on the same database, with connections and a memory of its own. */
export function startBeside(server: TestServer): TestServer {
  const { clock } = server
  const database = openTestDatabase(server.database.connection)
  const configuration = createLiveConfiguration({ database, clock })
  return {
    ...server,
    database,
    configuration,
    checkInViews: createCheckInViews(database),
    checkInWrites: createCheckInWrites(database, clock),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

/**
 * A release of linux-x64 whose only file and launcher are one made-up artifact. Returns its
 * manifest digest.
 */
export async function saveTestRelease(database: Database, version: string): Promise<Digest> {
  const artifact = digestOf(`artifact of ${version}`)
  const manifestDigest = digestOf(`manifest of ${version}`)
  await database.write(async (tx) => {
    const gzipDigest = digestOf(`member of ${version}`)
    await saveArtifact(
      tx,
      { digest: artifact, size: 10, md5: '0'.repeat(32), gzipDigest, gzipSize: 5 },
      TEST_START,
    )
    await saveRelease(
      tx,
      {
        manifestDigest,
        version: version as AgentVersion,
        target: { platform: 'linux', arch: 'x64', libc: 'glibc' },
        publishedAt: TEST_START,
        publishedBy: 'test',
        notes: null,
        withdrawnAt: null,
        withdrawnBy: null,
        withdrawnReason: null,
        floors: NO_FLOORS,
      },
      { envelope: Buffer.from(`envelope of ${version}`), artifacts: [artifact] },
    )
  })
  return manifestDigest
}

export const TEST_TOKEN = 'a token that a package carries'

export async function saveTestDistribution(
  database: Database,
  name = 'web servers',
  random: Random = systemRandom,
): Promise<DistributionId> {
  const id = newId<DistributionId>(random)
  const order = {
    name,
    description: null,
    kind: 'standalone',
    platform: 'linux',
    version: '1.0.0.1' as AgentVersion,
    endpointTags: [],
    proxy: [],
    clusterName: null,
  } as const
  const made = { createdAt: TEST_START, createdBy: 'test', reason: null, message: null }
  const token = digestOf(`${id}${TEST_TOKEN}`)
  await database.write((tx) =>
    saveNewDistribution(tx, { id, order, state: 'ready', ...made }, token),
  )
  return id
}

export function testFacts(hostname: string) {
  return {
    hostname,
    platform: 'linux',
    arch: 'x64',
    libc: 'glibc',
    os_name: 'Debian GNU/Linux',
    os_version: '12',
    kernel: '6.1.0',
    kind: 'server',
    ipv4: ['10.0.0.7'],
    ipv6: [],
    mac_addresses: [`52:54:00:00:00:${hostname.length.toString(16).padStart(2, '0')}`],
    users: ['ada'],
    domain: '',
    machine_id: `machine of ${hostname}`,
    time_zone: 'UTC',
    endpoint_tags: ['web'],
    installed_at: TEST_START,
  }
}

/** An endpoint as its agent sees it: what it says can be changed between check-ins. */
export type TestAgent = {
  readonly endpointId: EndpointId
  readonly credential: string
  report: Record<string, unknown>
  checkIn(): Promise<CheckInReply>
}

export async function enrolTestAgent(
  server: TestServer,
  distributionId: DistributionId,
  hostname: string,
): Promise<TestAgent> {
  const facts = testFacts(hostname)
  const runId = newId<RunId>(systemRandom)
  const answer = await post(enrolDoor, server, {
    protocol: 1,
    distribution_id: distributionId,
    token: `${distributionId}${TEST_TOKEN}`,
    run_id: runId,
    facts,
    is_copy: false,
  })
  invariant(answer.kind === 'json' && answer.status === 200, 'the enrolment was accepted')
  const { endpoint_id, credential } = enrolReply.parse(answer.body)
  const agent: TestAgent = {
    endpointId: endpoint_id as EndpointId,
    credential,
    report: {
      protocol: 1,
      run_id: runId,
      agent_version: '1.0.0.1',
      manifest_digest: digestOf('manifest of 1.0.0.1'),
      launcher_protocol: 1,
      facts_digest: digestOf(JSON.stringify(facts)),
      facts: null,
      health: { status: 'healthy', details: [] },
      attempt: null,
      skipped: [],
    },
    async checkIn() {
      const reply = await post(checkInDoor, server, agent.report, authorization(agent))
      invariant(reply.kind === 'json' && reply.status === 200, 'the check-in was accepted')
      return checkInReply.parse(reply.body)
    },
  }
  return agent
}

export function authorization(agent: TestAgent): string {
  return `Bearer ${agent.endpointId}.${agent.credential}`
}

/** Knocks at a door of the agent API without a socket. */
export async function post(
  door:
    | { readonly answer: typeof checkInDoor.answer }
    | { readonly answer: typeof enrolDoor.answer },
  server: TestServer,
  body: unknown,
  header?: string,
): Promise<AgentAnswer> {
  const headers = { authorization: header }
  return await door.answer(server, { params: {}, headers, body, remoteAddress: '192.0.2.1' })
}

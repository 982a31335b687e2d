import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '../../base/digest.ts'
import type { DistributionId } from '../../base/ids.ts'
import { fingerprintOf } from '../../domain/endpoint/fingerprint.ts'
import { loadAudit } from '../../store/audit.ts'
import { saveEndpointsDeleted } from '../../store/endpoint-changes.ts'
import { loadEndpoints } from '../../store/endpoints.ts'
import { loadKnownEndpoints } from '../../store/known-endpoints.ts'
import {
  authorization,
  enrolTestAgent,
  post,
  saveTestDistribution,
  saveTestRelease,
  startTestServer,
  type TestServer,
  testFacts,
} from '../testing/fleet.ts'
import { checkInDoor } from './check-in.ts'
import { LAST_SEEN_GRAIN_MS } from './check-in-views.ts'
import { artifactDoor, manifestDoor } from './download.ts'
import { enrolDoor } from './enrol.ts'

let server: TestServer
let distributionId: DistributionId

beforeAll(async () => {
  server = await startTestServer()
  distributionId = await saveTestDistribution(server.database)
  await saveTestRelease(server.database, '1.0.0.1')
})
afterAll(() => server[Symbol.asyncDispose]())

const refused = (status: number, code: string) => {
  return { kind: 'json', status, body: { code, message: expect.any(String) } }
}

describe('a deleted endpoint', () => {
  it('gets nothing to download, and comes back only with its own credential', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'deleted')
    const ids = [agent.endpointId]
    const now = server.clock.now()
    await server.database.write((tx) => saveEndpointsDeleted(tx, ids, now))
    const deletedAt = async () => {
      const stored = await loadEndpoints(server.database.read, ids)
      return stored.get(agent.endpointId)?.deletedAt
    }
    const headers = { authorization: authorization(agent) }
    const request = { headers, body: undefined, remoteAddress: '192.0.2.1' }
    for (const door of [artifactDoor, manifestDoor]) {
      const answer = await door.answer(server, { ...request, params: { digest: 'a'.repeat(64) } })
      expect(answer).toEqual(refused(401, 'credential-unknown'))
    }
    const stranger = authorization({ ...agent, credential: '0'.repeat(64) })
    const answer = await post(checkInDoor, server, agent.report, stranger)
    expect(answer).toEqual(refused(401, 'credential-unknown'))
    expect(await deletedAt()).toBe(now)
    await agent.checkIn()
    expect(await deletedAt()).toBeNull()
  })
})

describe('enrolment', () => {
  it('gives an endpoint a credential of which the database keeps the digest only', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'enrolled')
    const stored = await loadEndpoints(server.database.read, [agent.endpointId])
    expect(stored.get(agent.endpointId)?.credentialDigest).toBe(digestOf(agent.credential))
    expect(JSON.stringify([...stored.values()])).not.toContain(agent.credential)
  })

  it('gives a machine that comes back its endpoint, kills the old credential, and audits it', async () => {
    const before = await enrolTestAgent(server, distributionId, 'reinstalled')
    const after = await enrolTestAgent(server, distributionId, 'reinstalled')
    expect(after.endpointId).toBe(before.endpointId)
    expect(after.credential).not.toBe(before.credential)
    await expect(before.checkIn()).rejects.toThrow('the check-in was accepted')
    const [entry] = await loadAudit(server.database.read, 1)
    expect(entry).toMatchObject({ action: 'endpoint.return', subject: before.endpointId })
  })

  it('one machine that asks ten times at once gets one endpoint', async () => {
    const asking = Array.from({ length: 10 }, () => enrolTestAgent(server, distributionId, 'ten'))
    const ids = (await Promise.all(asking)).map((agent) => agent.endpointId)
    expect(new Set(ids).size).toBe(1)
  })

  it('refuses a token that is not the distribution’s', async () => {
    const request = {
      protocol: 1,
      distribution_id: distributionId,
      token: 'guessed',
      run_id: 'f'.repeat(32),
      facts: testFacts('intruder'),
      is_copy: false,
    }
    expect(await post(enrolDoor, server, request)).toEqual(refused(403, 'enrolment-token-unknown'))
  })

  it('names the field that is wrong', async () => {
    const answer = await post(enrolDoor, server, { protocol: 1 })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-request' } })
    expect(JSON.stringify(answer)).toContain('distribution_id: Field required')
  })
})

describe('check-in', () => {
  it.each([
    ['no credential', undefined],
    ['a malformed one', 'Bearer x'],
    ['an unknown endpoint', `Bearer ${'0'.repeat(32)}.${'0'.repeat(64)}`],
  ])('refuses %s', async (_name, header) => {
    const agent = await enrolTestAgent(server, distributionId, 'refused')
    const answer = await post(checkInDoor, server, agent.report, header)
    expect(answer).toEqual(refused(401, 'credential-unknown'))
  })

  it('refuses another endpoint’s secret, and does not take it for a sign of life', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'mine')
    const other = await enrolTestAgent(server, distributionId, 'others')
    server.clock.advance(LAST_SEEN_GRAIN_MS)
    const header = `Bearer ${agent.endpointId}.${other.credential}`
    expect(await post(checkInDoor, server, agent.report, header)).toEqual(
      refused(401, 'credential-unknown'),
    )
    const seen = await loadKnownEndpoints(server.database.read, [agent.endpointId])
    expect(seen.get(agent.endpointId)?.lastSeen).toBe(server.clock.now() - LAST_SEEN_GRAIN_MS)
  })

  it('keeps what is new, and moves last_seen only by its grain', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'seen')
    const enrolledAt = server.clock.now()
    await agent.checkIn()
    server.clock.advance(LAST_SEEN_GRAIN_MS - 1)
    await agent.checkIn()
    const lastSeen = async () =>
      (await loadKnownEndpoints(server.database.read, [agent.endpointId])).get(agent.endpointId)
        ?.lastSeen
    expect(await lastSeen()).toBe(enrolledAt)
    server.clock.advance(1)
    await agent.checkIn()
    expect(await lastSeen()).toBe(server.clock.now())
    const stored = await loadEndpoints(server.database.read, [agent.endpointId])
    expect(stored.get(agent.endpointId)?.state.version).toBe('1.0.0.1')
  })

  it('what a clock that ran ahead wrote of last_seen is put right by the next check-in', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'from the future')
    const now = server.clock.now()
    server.clock.jumpTo(now + 365 * 86_400_000)
    await agent.checkIn()
    server.clock.jumpTo(now)
    await agent.checkIn()
    const seen = await loadKnownEndpoints(server.database.read, [agent.endpointId])
    expect(seen.get(agent.endpointId)?.lastSeen).toBe(now)
  })

  it('a check-in that says nothing new is known by its fingerprint, also after a return', async () => {
    const before = await enrolTestAgent(server, distributionId, 'quiet')
    await before.checkIn()
    const after = await enrolTestAgent(server, distributionId, 'quiet')
    await after.checkIn()
    const { report } = after
    const known = await loadKnownEndpoints(server.database.read, [after.endpointId])
    const stored = await loadEndpoints(server.database.read, [after.endpointId])
    const state = stored.get(after.endpointId)?.state
    expect(state).toMatchObject({ runId: report.run_id, version: '1.0.0.1' })
    if (state === undefined) throw new Error('it was enrolled')
    expect(known.get(after.endpointId)?.fingerprint).toBe(fingerprintOf(state))
  })

  it('two agents with one identity: the one that was superseded is told to enrol as a copy', async () => {
    const agent = await enrolTestAgent(server, distributionId, 'golden')
    await agent.checkIn()
    const original = agent.report
    agent.report = { ...original, run_id: 'e'.repeat(32) }
    expect((await agent.checkIn()).instruction).toEqual({ kind: 'nothing' })
    agent.report = original
    expect((await agent.checkIn()).instruction).toEqual({ kind: 'enrol-as-copy' })
  })
})

describe('downloads', () => {
  const get = (door: typeof manifestDoor, digest: string, header?: string) =>
    door.answer(server, {
      params: { digest },
      headers: { authorization: header },
      body: undefined,
      remoteAddress: '192.0.2.1',
    })

  it('an endpoint gets manifests and artifacts of releases, by digest', async () => {
    const header = authorization(await enrolTestAgent(server, distributionId, 'loader'))
    const envelope = await get(manifestDoor, digestOf('manifest of 1.0.0.1'), header)
    expect(envelope).toMatchObject({ kind: 'bytes', bytes: Buffer.from('envelope of 1.0.0.1') })
    const digest = digestOf('member of 1.0.0.1')
    expect(await get(artifactDoor, digest, header)).toEqual({
      kind: 'segments',
      segments: [{ kind: 'artifact', digest, offset: 0, length: 5 }],
      etag: digest,
      contentType: 'application/gzip',
      pace: null,
    })
  })

  it('an agent is told to come later when too many download for the bandwidth', async () => {
    const header = authorization(await enrolTestAgent(server, distributionId, 'later'))
    const busy = { ...server, bandwidth: { begin: async () => 'full' as const } }
    const answer = await artifactDoor.answer(busy, {
      params: { digest: digestOf('member of 1.0.0.1') },
      headers: { authorization: header },
      body: undefined,
      remoteAddress: '192.0.2.1',
    })
    expect(answer).toEqual(refused(429, 'bandwidth-full'))
  })

  it('nobody else gets anything, and no digest climbs out', async () => {
    const digest = digestOf('member of 1.0.0.1')
    expect(await get(artifactDoor, digest)).toEqual(refused(401, 'credential-unknown'))
    const header = authorization(await enrolTestAgent(server, distributionId, 'climber'))
    expect(await get(artifactDoor, '../../etc/shadow', header)).toEqual(
      refused(404, 'digest-malformed'),
    )
    expect(await get(artifactDoor, digestOf('x'), header)).toEqual(refused(404, 'artifact-unknown'))
  })
})

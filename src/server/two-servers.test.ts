/**
 * Two servers on one database, and everybody at once: machines that enrol several times, agents
 * whose check-ins come twice, late and at both servers, operators who order upgrades of the same
 * endpoints. Whatever the order of things, the rules hold.
 */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DistributionId } from '../base/ids.ts'
import type { CheckInReply } from '../contract/agent/check-in.ts'
import { isFinished, type UpgradeState } from '../domain/upgrade/upgrade.ts'
import { enrolmentToken } from './enrolment-token.ts'
import { type AssembledServer, startAssembledServer } from './testing/assembled.ts'
import { testFacts } from './testing/fleet.ts'

const MACHINES = 10
const ROUNDS = 40

let servers: readonly [AssembledServer, AssembledServer]
let distributions: readonly DistributionId[] = []
beforeAll(async () => {
  const first = await startAssembledServer()
  servers = [first, await startAssembledServer({ beside: first })]
  for (const version of ['1.0.0.1', '1.0.0.2', '1.0.0.3']) await first.publish(version)
  const order = { platform: 'linux', package_type: 'standalone' }
  const created = await Promise.all(
    servers.map((each, index) => each.call('distributions/create', { ...order, name: `${index}` })),
  )
  distributions = created.map(({ body }) => String(body.reply.distribution_id) as DistributionId)
})
afterAll(async () => {
  await servers[1][Symbol.asyncDispose]()
  await servers[0][Symbol.asyncDispose]()
})

async function post(server: AssembledServer, path: string, body: unknown, credential?: string) {
  const headers: Record<string, string> =
    credential === undefined ? {} : { authorization: `Bearer ${credential}` }
  const sent = { method: 'POST', headers, body: JSON.stringify(body) }
  const answer = await fetch(`${server.url}/agent/v1/${path}`, sent)
  expect(answer.status).toBeLessThan(500)
  return { status: answer.status, body: await answer.json() }
}

function runId(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

async function enrol(server: AssembledServer, distribution: DistributionId, hostname: string) {
  const answer = await post(server, 'enrol', {
    protocol: 1,
    distribution_id: distribution,
    token: enrolmentToken(server.secret, distribution),
    run_id: runId(hostname),
    facts: testFacts(hostname),
    is_copy: false,
  })
  expect(answer.status).toBe(200)
  return answer.body as { endpoint_id: string; credential: string }
}

it('a machine that enrols everywhere at once is one endpoint', async () => {
  for (let round = 0; round < MACHINES; round++) {
    const hostname = `crowd-${round}`
    const enrolled = await Promise.all(
      servers.flatMap((server) => distributions.map((each) => enrol(server, each, hostname))),
    )
    expect(new Set(enrolled.map((each) => each.endpoint_id)).size).toBe(1)
  }
})

type Attempt = { id: string; phase: string; reason: string | null; to: string; manifest: string }

/** An agent as the server sees it; every other attempt of a version is taken back. */
class Agent {
  readonly endpointId: string
  readonly #credential: string
  readonly #facts: object
  readonly #sent: object[] = []
  #version = '1.0.0.1'
  #manifest = '0'.repeat(64)
  #attempt: Attempt | null = null
  #ended = 0
  /** How attempts ended that the server said it has taken down. */
  readonly acknowledged = new Map<string, string>()

  constructor(enrolled: { endpoint_id: string; credential: string }, hostname: string) {
    this.endpointId = enrolled.endpoint_id
    this.#credential = `${enrolled.endpoint_id}.${enrolled.credential}`
    this.#facts = testFacts(hostname)
  }

  /** The same to both servers, and now and then one that was long on its way. */
  async checkIn(round: number): Promise<void> {
    const report = this.#report()
    this.#sent.push(report)
    const late = round % 3 === 0 ? this.#sent.at(-3) : undefined
    const replies = servers.map((server) => this.#send(server, report))
    if (late !== undefined) await this.#send(servers[round % 2 === 0 ? 0 : 1], late)
    this.#take((await Promise.all(replies))[round % 2])
  }

  async #send(server: AssembledServer, report: object): Promise<CheckInReply> {
    const answer = await post(server, 'check-in', report, this.#credential)
    expect(answer.status).toBe(200)
    return answer.body as CheckInReply
  }

  #report(): object {
    const attempt = this.#attempt
    return {
      protocol: 1,
      run_id: runId('the one life of this agent'),
      agent_version: this.#version,
      manifest_digest: this.#manifest,
      launcher_protocol: 1,
      facts_digest: createHash('sha256').update(JSON.stringify(this.#facts)).digest('hex'),
      facts: null,
      health: { status: 'healthy', details: [] },
      attempt: attempt && {
        attempt_id: attempt.id,
        phase: attempt.phase,
        percent: attempt.phase === 'downloading' ? 50 : 100,
        bytes_done: 1,
        bytes_total: 2,
        reason: attempt.reason,
        message: null,
      },
      skipped: [],
    }
  }

  #take(reply: CheckInReply | undefined): void {
    const attempt = this.#attempt
    const instruction = reply?.instruction
    if (attempt !== null && reply?.acknowledged_attempt === attempt.id) {
      this.acknowledged.set(attempt.id, attempt.reason === 'cancelled' ? 'failed' : attempt.phase)
      this.#attempt = null
    } else if (attempt !== null) {
      if (instruction?.kind === 'cancel' && attempt.phase === 'downloading') {
        this.#attempt = { ...attempt, phase: 'failed', reason: 'cancelled' }
      } else this.#attempt = this.#next(attempt)
    } else if (instruction?.kind === 'upgrade') {
      const { attempt_id: id, version: to, manifest_digest: manifest } = instruction
      this.#attempt = { id, phase: 'downloading', reason: null, to, manifest }
    }
  }

  #next(attempt: Attempt): Attempt {
    if (attempt.phase === 'downloading') return { ...attempt, phase: 'switching' }
    if (attempt.phase !== 'switching') return attempt
    this.#ended += 1
    if (this.#ended % 3 !== 0) return { ...attempt, phase: 'rolled-back', reason: 'exited' }
    this.#version = attempt.to
    this.#manifest = attempt.manifest
    return { ...attempt, phase: 'succeeded' }
  }
}

/** Operators' orders may find nothing to do; anything else than that is answered well. */
async function order(server: AssembledServer, ids: readonly string[], linux: string) {
  const asked = { endpoint_ids: ids, target_versions: { linux }, retry_failed: true }
  const { status, body } = await server.call('endpoints/upgrade', asked)
  if (status !== 200) expect(body.reply).toMatchObject({ reason: 'nothing-eligible' })
}

async function upgrades() {
  const { read } = servers[0].assembled.needs.database
  return await read.selectFrom('upgrade').selectAll().execute()
}

it('check-ins, orders and enrolments at once: one open upgrade, no outcome lost, no fault', async () => {
  const agents: Agent[] = []
  for (let index = 0; index < MACHINES; index++) {
    const [distribution] = distributions
    if (distribution === undefined) throw new Error('a distribution')
    agents.push(
      new Agent(
        await enrol(servers[index % 2 === 0 ? 0 : 1], distribution, `m-${index}`),
        `m-${index}`,
      ),
    )
  }
  await Promise.all(agents.map((agent) => agent.checkIn(1)))
  const ids = agents.map((agent) => agent.endpointId)
  for (let round = 0; round < ROUNDS; round++) {
    const linux = round < ROUNDS / 2 ? '1.0.0.2' : '1.0.0.3'
    const orders = servers.map((server, index) =>
      round % 5 < 2 ? order(server, index === 0 ? ids : ids.toReversed(), linux) : null,
    )
    const newcomer = enrol(
      servers[0],
      distributions[1] ?? distributions[0] ?? ('' as never),
      `new-${round}`,
    )
    await Promise.all([...orders, newcomer, ...agents.map((agent) => agent.checkIn(round))])
    const open = (await upgrades()).filter((row) => row.finished_at === null)
    expect(new Set(open.map((row) => row.endpoint_id)).size).toBe(open.length)
  }
  const stored = new Map((await upgrades()).map((row) => [row.attempt_id, row]))
  const outcomes = agents.flatMap((agent) => [...agent.acknowledged])
  expect(outcomes.length).toBeGreaterThan(MACHINES)
  for (const [attempt, phase] of outcomes) {
    const state = stored.get(attempt)?.state as UpgradeState | undefined
    expect(state !== undefined && isFinished(state)).toBe(true)
    // What was cancelled before the switch may have been told so by the server first.
    if (phase !== 'failed') expect([attempt, state]).toEqual([attempt, phase])
  }
})

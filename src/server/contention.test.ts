/**
 * Everybody changes the same endpoints at once, at two servers: orders, cancels, deletions, tags,
 * names, check-ins and the workers. Nobody meets a deadlock, and what must always hold does.
 */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../base/log.ts'
import { CONNECTION_LIMITS } from '../domain/endpoint/endpoint.ts'
import { saveSetting } from '../store/configuration.ts'
import { loadDuplicates } from '../store/silent-endpoints.ts'
import { checkInDoor } from './agent-api/check-in.ts'
import { deleteEndpointsRoute } from './public-api/endpoints/delete.ts'
import { updateAgentNameRoute } from './public-api/endpoints/update-agent-name.ts'
import { upgradeEndpointsRoute } from './public-api/endpoints/upgrade.ts'
import { cancelUpgradeRoute } from './public-api/endpoints/upgrade-cancel.ts'
import { pauseUpgradeRoute } from './public-api/rollouts/pause.ts'
import { resumeUpgradeRoute } from './public-api/rollouts/resume.ts'
import { skipWaveRoute } from './public-api/rollouts/skip-wave.ts'
import { assignTagRoute } from './public-api/tags/assign.ts'
import { deleteTagsRoute } from './public-api/tags/delete-permanently.ts'
import { removeTagRoute } from './public-api/tags/remove.ts'
import { ask } from './testing/ask.ts'
import {
  authorization,
  enrolTestAgent,
  post,
  saveTestDistribution,
  saveTestRelease,
  startBeside,
  startTestServer,
  type TestAgent,
  type TestServer,
} from './testing/fleet.ts'
import { advanceRollouts } from './work/advance-rollouts.ts'
import { deleteSilent } from './work/delete-silent.ts'
import { endOverdueUpgrades } from './work/end-overdue-upgrades.ts'

const BERTHS = 4
const AGENTS = 40
const ROUNDS = 25

const agents: TestAgent[] = []
let server: TestServer
let other: TestServer
beforeAll(async () => {
  server = await startTestServer()
  other = startBeside(server)
  const autoUpgrade = { parallelUpgradesMax: BERTHS }
  await server.database.write((tx) => saveSetting(tx, 'autoUpgrade', autoUpgrade))
  for (const version of ['1.0.0.2', '1.0.0.3']) await saveTestRelease(server.database, version)
  const distribution = await saveTestDistribution(server.database)
  for (let index = 0; index < AGENTS; index++) {
    const agent = await enrolTestAgent(server, distribution, `host-${index}`)
    await agent.checkIn()
    agents.push(agent)
  }
})
afterAll(async () => {
  await other[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** Numbers that look like chance, and are the same every time. */
let state = 7
function chance(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

function some(count: number): readonly string[] {
  const ids = Array.from({ length: count }, () => agents[chance(AGENTS)]?.endpointId ?? '')
  return [...new Set(ids)]
}
function named(count: number) {
  return [{ field: 'endpoint_id_list', operator: 'in', value: some(count) }]
}
const tag = () => `tag ${chance(6)}`

const OPERATIONS: readonly ((at: TestServer) => Promise<unknown>)[] = [
  (at) => {
    const linux = `1.0.0.${2 + chance(2)}`
    return ask(upgradeEndpointsRoute, at, { endpoint_ids: some(4), target_versions: { linux } })
  },
  (at) => ask(cancelUpgradeRoute, at, { group_action_id: 1 + chance(ROUNDS) }),
  (at) => ask(deleteEndpointsRoute, at, { filters: named(2) }),
  (at) => ask(assignTagRoute, at, { filters: named(5), tag: tag() }),
  (at) => ask(removeTagRoute, at, { filters: named(99), tag: tag() }),
  (at) => ask(deleteTagsRoute, at, { tags: [tag(), tag()] }),
  (at) => ask(updateAgentNameRoute, at, { filters: named(25), alias: `alias-${chance(9)}` }),
  (at) => endOverdueUpgrades(at),
  (at) => advanceRollouts(at),
  (at) => ask(pauseUpgradeRoute, at, { group_action_id: 1 + chance(ROUNDS) }),
  (at) => ask(resumeUpgradeRoute, at, { group_action_id: 1 + chance(ROUNDS) }),
  (at) => ask(skipWaveRoute, at, { group_action_id: 1 + chance(ROUNDS) }),
  (at) => {
    const silentSince = at.clock.now() - CONNECTION_LIMITS.connectedMs
    const most = 5
    const find: Parameters<typeof deleteSilent>[1]['find'] = (reader) =>
      loadDuplicates(reader, ['ip'], { since: silentSince, limit: most })
    return deleteSilent({ ...at, log: silentLog }, { find, silentSince, most, because: 'test' })
  },
]

/** What an agent does with the answer: one step on, and it says so with its next check-in. */
function goOn(agent: TestAgent, reply: Awaited<ReturnType<TestAgent['checkIn']>>): void {
  const attempt = agent.report.attempt as { attempt_id: string; phase: string } | null
  const told = { percent: 1, bytes_done: 1, bytes_total: 2, reason: null, message: null }
  if (attempt !== null && reply.acknowledged_attempt === attempt.attempt_id) {
    agent.report = { ...agent.report, attempt: null }
  } else if (attempt?.phase === 'downloading') {
    agent.report = { ...agent.report, attempt: { ...attempt, phase: 'failed' } }
  } else if (attempt === null && reply.instruction.kind === 'upgrade') {
    const { attempt_id } = reply.instruction
    agent.report = { ...agent.report, attempt: { ...told, attempt_id, phase: 'downloading' } }
  }
}

/** At both servers at once; the agent hears one of them. */
async function checkIn(agent: TestAgent): Promise<void> {
  const answers = await Promise.all(
    [server, other].map((at) => post(checkInDoor, at, agent.report, authorization(agent))),
  )
  expect(answers).toMatchObject([{ status: 200 }, { status: 200 }])
  const heard = answers[chance(2)]
  if (heard?.kind !== 'json') throw new Error('a check-in is answered with JSON')
  goOn(agent, heard.body as Parameters<typeof goOn>[1])
}

/** How often what must always hold does not, as one snapshot shows it. */
async function broken(): Promise<unknown> {
  const { rows } = await sql`
    select (select count(*) from (
        select endpoint_id from upgrade where finished_at is null
        group by endpoint_id having count(*) > 1) as many) as "severalOpen",
      (select count(*) from upgrade join endpoint on id = endpoint_id
        where finished_at is null and deleted_at is not null) as "deletedAndOpen",
      (select greatest(0, count(*) - ${BERTHS}) from upgrade
        where finished_at is null and deadline_at is not null) as "beyondBerths",
      (select count(*) from endpoint, jsonb_array_elements_text(server_tags) as tag
        where not exists (select from server_tag where name = tag)) as "tagsThatAreNot",
      (select count(*) from endpoint full join endpoint_tag on id = endpoint_id
        where id is null or (deleted_at is null) <> is_listed) as "tagsOfOthers",
      (select deadlocks from pg_stat_database where datname = current_database()) as deadlocks
    `.execute(server.database.read)
  return rows[0]
}

const NOTHING_BROKEN = {
  severalOpen: 0,
  deletedAndOpen: 0,
  beyondBerths: 0,
  tagsThatAreNot: 0,
  tagsOfOthers: 0,
  deadlocks: 0,
}

describe('everybody at once, at two servers', () => {
  it('meets no deadlock, and leaves what must hold', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([
        ...[server, other].flatMap((at) => OPERATIONS.flatMap((each) => [each(at), each(at)])),
        ...agents.filter(() => chance(5) > 0).map(checkIn),
      ])
      expect(await broken()).toEqual(NOTHING_BROKEN)
      server.clock.advance(round % 5 === 4 ? CONNECTION_LIMITS.connectedMs : 10_000)
    }
  })
})

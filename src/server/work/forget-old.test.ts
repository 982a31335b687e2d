import { expect, it } from 'vitest'
import { upgradeEndpointsRoute } from '../public-api/endpoints/upgrade.ts'
import { ask } from '../testing/ask.ts'
import {
  enrolTestAgent,
  saveTestDistribution,
  saveTestRelease,
  startTestServer,
  TEST_START,
  type TestAgent,
} from '../testing/fleet.ts'
import {
  forgetOldReports,
  forgetOldUpgrades,
  REPORTS_KEPT_MS,
  STEADY_MS_MIN,
  UPGRADES_KEPT_MS,
} from './forget-old.ts'
import { createSteadyTime } from './steady-time.ts'

it('a clock that jumps a year ahead takes no report with it, and a year that passed does', async () => {
  await using server = await startTestServer()
  const { clock, database } = server
  const needs = { ...server, steadyTime: createSteadyTime(clock) }
  await enrolTestAgent(server, await saveTestDistribution(database), 'host')
  const reports = () => database.read.selectFrom('agent_report').select('kind').execute()
  clock.advance(STEADY_MS_MIN)
  clock.jumpTo(TEST_START + 2 * REPORTS_KEPT_MS)
  await forgetOldReports(needs)
  expect(await reports()).toEqual([{ kind: 'install' }])
  clock.advance(STEADY_MS_MIN)
  await forgetOldReports(needs)
  expect(await reports()).toEqual([])
})

it('upgrades of a year ago go with their actions; what is open stays, and the newest of each', async () => {
  await using server = await startTestServer()
  const { clock, database } = server
  const needs = { ...server, steadyTime: createSteadyTime(clock) }
  const distribution = await saveTestDistribution(database)
  const agents: TestAgent[] = []
  for (const name of ['a', 'b']) {
    const agent = await enrolTestAgent(server, distribution, name)
    await agent.checkIn()
    agents.push(agent)
  }
  const ids = agents.map(({ endpointId }) => endpointId)
  await saveTestRelease(database, '1.0.0.2')
  const order = (endpoint_ids: readonly string[]) =>
    ask(upgradeEndpointsRoute, server, { endpoint_ids, target_versions: { linux: '1.0.0.2' } })
  for (const named of [ids, ids, ids.slice(1)]) await order(named)
  const left = async () => {
    const rows = await database.read.selectFrom('upgrade').selectAll().execute()
    return rows.map((row) => `${row.action_id} ${row.endpoint_id === ids[0] ? 'a' : 'b'}`)
  }
  clock.advance(UPGRADES_KEPT_MS)
  await forgetOldUpgrades(needs)
  expect(await left()).toHaveLength(5)
  clock.advance(1)
  await forgetOldUpgrades(needs)
  expect((await left()).toSorted()).toEqual(['2 a', '3 b'])
  const actions = await database.read.selectFrom('upgrade_action').select('id').execute()
  expect(actions.map(({ id }) => id)).toEqual([2, 3])
  const rollouts = await database.read.selectFrom('rollout').select('action_id').execute()
  expect(rollouts.map((row) => row.action_id).toSorted()).toEqual([2, 3])
})

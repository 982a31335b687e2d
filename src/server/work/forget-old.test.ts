import { expect, it } from 'vitest'
import {
  enrolTestAgent,
  saveTestDistribution,
  startTestServer,
  TEST_START,
} from '../testing/fleet.ts'
import { forgetOldReports, REPORTS_KEPT_MS, REPORTS_STEADY_MS_MIN } from './forget-old.ts'
import { createSteadyTime } from './steady-time.ts'

it('a clock that jumps a year ahead takes no report with it, and a year that passed does', async () => {
  await using server = await startTestServer()
  const { clock, database } = server
  const needs = { ...server, steadyTime: createSteadyTime(clock) }
  await enrolTestAgent(server, await saveTestDistribution(database), 'host')
  const reports = () => database.read.selectFrom('agent_report').select('kind').execute()
  clock.advance(REPORTS_STEADY_MS_MIN)
  clock.jumpTo(TEST_START + 2 * REPORTS_KEPT_MS)
  await forgetOldReports(needs)
  expect(await reports()).toEqual([{ kind: 'install' }])
  clock.advance(REPORTS_STEADY_MS_MIN)
  await forgetOldReports(needs)
  expect(await reports()).toEqual([])
})

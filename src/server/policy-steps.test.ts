import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fillFleet } from '../store/testing/fleet.ts'
import { collectFollowers, loadPolicySteps } from './policy-steps.ts'
import { setUpgradePolicyRoute } from './public-api/endpoints/upgrade-policies-set.ts'
import { ask } from './testing/ask.ts'
import { saveTestRelease, startTestServer, type TestServer } from './testing/fleet.ts'

/** A third of them run Linux: several pages of those who are asked for one by one. */
const COUNT = 2_000

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
  await fillFleet(server.database.connection, COUNT, server.clock.now())
  await saveTestRelease(server.database, '1.0.0.9')
  const made = await ask(setUpgradePolicyRoute, server, { name: 'All', version: 'latest' })
  expect(made).toMatchObject({ ok: true })
}, 60_000)
afterAll(() => server[Symbol.asyncDispose]())

async function followers(most: number) {
  const moment = { now: server.clock.now(), intervalS: 60 }
  const { read } = server.database
  const picture = await loadPolicySteps(read, null, moment)
  const [step] = picture.steps
  const [set] = step?.sets ?? []
  if (step === undefined || set === undefined) throw new Error('there is something to order')
  const { policy } = step.outlook
  return await collectFollowers(read, picture, { policy, set, most, now: moment.now })
}

it('at most so many follow, by id; those who cannot take the version keep nobody back', async () => {
  const all = await followers(COUNT)
  expect(all.length).toBeGreaterThan(300)
  expect(await followers(7)).toEqual(all.slice(0, 7))
  const able = all.at(-20) ?? ''
  const floors = JSON.stringify({ osVersion: '13', kernel: null, agentVersion: null })
  await server.database.write(async (tx) => {
    await tx.updateTable('release').set({ floors }).execute()
    const facts = sql<string>`jsonb_set(facts, '{osVersion}', '"13"')`
    await tx.updateTable('endpoint').set({ facts }).where('id', '>=', able).execute()
  })
  expect(await followers(1)).toEqual([able])
  expect(await followers(COUNT)).toEqual(all.slice(-20))
})

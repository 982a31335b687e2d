/**
 * Bad versions, each ordered for a whole fleet of real agents: none is ever run by more endpoints
 * than its canary or its budget has, whatever the kind, and each of those is back on the old
 * version soon. How many ran it is told by the machines, not by the server. Of the ten kinds these
 * are the five that differ most; `npm run blast-radius` judges all ten by the same rules.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeNeeds } from '../needs.ts'
import { BAD_VERSIONS, publishBad, publishGood, TROUBLE_FILE, TROUBLED } from './bad-versions.ts'
import {
  CAREFUL,
  endsOf,
  flawsOf,
  HALT_REASON,
  haltOf,
  OLD_VERSION,
  openSite,
  orderForAll,
  type Policy,
  REACH_MAX,
  type Site,
  spread,
} from './blast-radius.ts'
import { lastStart, machinesThatRan } from './fleet.ts'

/** The aim is 10 s, which bench/blast-radius.ts asks for; a busy machine may be slower. */
const BACK_S_MAX = 30
const TROUBLED_VERSION = '1.0.2.1'
const FIRST_TAG = 'first'
const GOOD_VERSION = '1.0.3.1'

let site: Site

describeNeeds(['dpkg'], 'the blast radius', () => {
  beforeAll(async () => {
    site = await openSite()
  })
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
  })

  const tried = BAD_VERSIONS.filter(({ isInSuite }) => isInSuite)
  const kinds = tried.map((bad, index) => [bad.what, `1.0.1.${index}`, bad] as const)

  it.each(kinds)('of a version that %s is the canary', async (_what, version, bad) => {
    const found = await spread(site, version, bad)
    expect(await flawsOf(found, bad)).toEqual([])
    expect(Math.max(0, ...found.backS)).toBeLessThan(BACK_S_MAX)
  })

  it('of a version that is bad only where the first wave is not is the budget of the next', async () => {
    await publishBad(site.workshop, TROUBLED_VERSION, TROUBLED)
    const [first, rest] = [site.machines.slice(0, 5), site.machines.slice(5)]
    // Not on all of them: what is good goes on being good beside what is bad.
    const troubled = rest.filter((_, index) => index % 3 !== 0)
    for (const { root } of troubled) await writeFile(join(root, TROUBLE_FILE), '')
    const { client } = site.server
    const filters = [
      { field: 'endpoint_id_list', operator: 'in', value: first.map(({ id }) => id) },
    ]
    await client.tags.assign({ filters, tag: FIRST_TAG })
    const policy: Policy = {
      ...CAREFUL,
      canary: 'none',
      waves: [{ tag: FIRST_TAG }],
      soak_minutes: 0,
    }
    const action = await orderForAll(site, TROUBLED_VERSION, policy)
    expect(await haltOf(client, action)).toBe(HALT_REASON)
    await client.upgrades.cancel({ group_action_id: action })
    for (const { reason } of await endsOf(client, action)) expect(reason).not.toBeNull()
    for (const machine of first) expect(await lastStart(machine)).toBe(TROUBLED_VERSION)
    const reached = await machinesThatRan(troubled, TROUBLED_VERSION)
    expect(reached).toHaveLength(REACH_MAX)
    for (const machine of reached) expect(await lastStart(machine)).toBe(OLD_VERSION)
  })

  it('a good version reaches them all afterwards, and nothing of the bad ones moved', async () => {
    await publishGood(site.workshop, GOOD_VERSION)
    // Time enough for thirty that start at once on two cores.
    const policy = { canary: { count: 3 }, soak_minutes: 0, probation_minutes: 2 }
    const action = await orderForAll(site, GOOD_VERSION, policy)
    const ends = await endsOf(site.server.client, action)
    expect(ends).toEqual(site.machines.map(() => ({ state: 'succeeded', reason: 'upgraded' })))
    for (const machine of site.machines) expect(await lastStart(machine)).toBe(GOOD_VERSION)
    for (const [, version] of kinds) {
      const reached = await machinesThatRan(site.machines, version)
      expect(reached.length).toBeLessThanOrEqual(REACH_MAX)
    }
  })
})

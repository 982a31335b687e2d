/**
 * Bad versions of ten kinds, each ordered for a whole fleet of real agents: none is ever run by
 * more endpoints than its canary or its budget has, whatever the kind, and each of those is back on
 * the old version soon. How many ran it is told by the machines, not by the server.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeNeeds } from '../needs.ts'
import { BAD_VERSIONS, publishBad, publishGood, TROUBLE_FILE, TROUBLED } from './bad-versions.ts'
import {
  CAREFUL,
  endsOf,
  haltOf,
  MACHINES,
  OLD_VERSION,
  openSite,
  orderForAll,
  type Policy,
  REACH_MAX,
  type Site,
  spread,
} from './blast-radius.ts'
import { type FleetMachine, machinesThatRan, startsOf } from './fleet.ts'

/** The aim is 10 s, and bench/blast-radius.ts tells the figures; a busy machine may be slower. */
const BACK_S_MAX = 30
const TROUBLED_VERSION = '1.0.2.1'
const FIRST_TAG = 'first'
const GOOD_VERSION = '1.0.3.1'
const HALT_REASON = 'failure-budget-spent'
const CANCELLED = { state: 'cancelled', reason: 'cancelled-by-operator' }

let site: Site

describeNeeds(['dpkg'], 'the blast radius', () => {
  beforeAll(async () => {
    site = await openSite()
  })
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
  })

  const kinds = BAD_VERSIONS.map((bad, index) => [bad.what, `1.0.1.${index}`, bad] as const)

  it.each(kinds)('of a version that %s is the canary', async (_what, version, bad) => {
    const { reached, haltReason, outcomes, backS } = await spread(site, version, bad)
    expect(haltReason).toBe(HALT_REASON)
    const tried = { state: bad.ends, reason: bad.reason }
    const others = Array.from({ length: MACHINES - REACH_MAX }, () => CANCELLED)
    expect(sorted(outcomes)).toEqual(sorted([...Array(REACH_MAX).fill(tried), ...others]))
    expect(reached).toHaveLength(bad.isDamaged ? 0 : REACH_MAX)
    expect(Math.max(0, ...backS)).toBeLessThan(BACK_S_MAX)
    for (const machine of reached) expect(await lastStart(machine)).toBe(OLD_VERSION)
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

async function lastStart(machine: FleetMachine): Promise<string | undefined> {
  return (await startsOf(machine)).at(-1)
}

function sorted(outcomes: readonly { state: string; reason: string | null }[]): string[] {
  return outcomes.map(({ state, reason }) => `${state}: ${reason}`).sort()
}

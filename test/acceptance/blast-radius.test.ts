/**
 * Bad versions of ten kinds on real machines: each goes back by itself, with its reason, and soon.
 * Each machine tells itself what it ever ran.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeNeeds } from '../needs.ts'
import { BAD_VERSIONS, publishGood } from './bad-versions.ts'
import {
  endsOf,
  OLD_VERSION,
  openSite,
  orderFor,
  type Site,
  spread,
  TRIED,
} from './blast-radius.ts'
import { machinesThatRan, startsOf } from './fleet.ts'

/** The aim is 10 s, and bench/blast-radius.ts tells the figures; a busy machine may be slower. */
const BACK_S_MAX = 30
const NEW_VERSION = '1.0.2.1'

let site: Site

describeNeeds(['dpkg'], 'the blast radius', () => {
  beforeAll(async () => {
    site = await openSite()
  })
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
  })

  const kinds = BAD_VERSIONS.map((bad, index) => [bad.what, `1.0.1.${index}`, bad] as const)

  it.each(kinds)('of a version that %s', async (_what, version, bad) => {
    const { reached, outcomes, backS } = await spread(site, version, bad)
    const wanted = { state: bad.ends, reason: bad.reason }
    expect(outcomes).toEqual(Array.from({ length: TRIED }, () => wanted))
    expect(reached).toHaveLength(bad.ends === 'failed' ? 0 : TRIED)
    expect(Math.max(0, ...backS)).toBeLessThan(BACK_S_MAX)
    if (bad.ends !== 'rolled-back') return
    for (const machine of reached) expect((await startsOf(machine)).at(-1)).toBe(OLD_VERSION)
  })

  it('a good version reaches them all afterwards', async () => {
    await publishGood(site.workshop, NEW_VERSION)
    const { client } = site.server
    const action = await orderFor(
      client,
      site.machines.map(({ id }) => id),
      NEW_VERSION,
    )
    const ends = await endsOf(client, action)
    expect(new Set(ends.map(({ state }) => state))).toEqual(new Set(['succeeded']))
    expect(await machinesThatRan(site.machines, NEW_VERSION)).toHaveLength(site.machines.length)
  })
})

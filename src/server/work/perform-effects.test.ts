import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../base/clock-manual.ts'
import { digestOf } from '../../base/digest.ts'
import { Fault } from '../../base/fault.ts'
import { type DistributionId, newId } from '../../base/ids.ts'
import { silentLog } from '../../base/log.ts'
import { systemRandom } from '../../base/random.ts'
import type { AgentVersion } from '../../base/version.ts'
import {
  loadDistribution,
  lockDistribution,
  saveNewDistribution,
  saveOrderedAgain,
} from '../../store/distributions.ts'
import type { Database } from '../../store/open.ts'
import { saveEffect, takeEffects } from '../../store/outbox.ts'
import { instanceSecret } from '../../store/secret.ts'
import { startTestDatabase } from '../../store/testing/database.ts'
import { buildDistribution } from './build-distribution.ts'
import { ATTEMPTS_MAX, type EffectNeeds, performEffects } from './perform-effects.ts'

const START = Date.parse('2026-11-22T08:00:00Z')

async function setUp() {
  const database = await startTestDatabase()
  const clock = new ManualClock(START)
  const outcomes: string[] = []
  const stopping = new AbortController()
  const needs: EffectNeeds = {
    database,
    artifacts: { remove: async () => {} },
    clock,
    log: silentLog,
    underWay: new Map(),
    stopping: stopping.signal,
    secret: instanceSecret(systemRandom.bytes(32), systemRandom),
    settings: { publicUrl: 'http://127.0.0.1' },
    packageModels: {
      of: () => Promise.reject(new Error('nothing is written here')),
      like: () => Promise.reject(new Error('nothing is written here')),
    },
    imageBases: () => Promise.reject(new Error('nothing is written here')),
    metrics: { built: ({ outcome }) => outcomes.push(outcome) },
    writerNeeds: {
      digestOf: () => Promise.reject(new Error('nothing is written here')),
      signOpenPgp: () => Promise.reject(new Error('nothing is signed here')),
      derive: () => Promise.reject(new Error('nothing is derived here')),
      signAuthenticode: () => Promise.reject(new Error('nothing is signed here')),
      installerSigner: () => Promise.reject(new Error('nothing is signed here')),
      androidKey: () => Promise.reject(new Error('nothing is signed here')),
    },
  }
  const id = newId<DistributionId>(systemRandom)
  await order(database, id)
  return {
    needs,
    clock,
    id,
    outcomes,
    stopping,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

async function order(database: Database, id: DistributionId): Promise<void> {
  const order = {
    name: `of ${id}`,
    description: null,
    kind: 'standalone',
    platform: 'linux',
    version: '1.2.3.4' as AgentVersion,
    endpointTags: [],
    proxy: [],
    clusterName: null,
  } as const
  const made = { reason: null, message: null, createdAt: START, createdBy: 'test' }
  await database.write(async (tx) => {
    await saveNewDistribution(tx, { id, order, state: 'requested', ...made }, digestOf(id))
    await saveEffect(tx, { kind: 'build-distribution', subject: id }, START)
  })
}

/** The same needs, whose database fails while `isAway()`. */
function failing(needs: EffectNeeds, isAway: () => boolean): EffectNeeds {
  const read = new Proxy(needs.database.read, {
    get(target, name) {
      const isBuild = name === 'selectFrom' && isAway()
      if (isBuild) throw new Fault({ code: 'disk-full', doing: 'building', retry: 'later' })
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { ...needs, database: { ...needs.database, read } }
}

/** The same needs, with a worker that waits for nothing that is not done at once. */
function impatient({ clock, needs }: Awaited<ReturnType<typeof setUp>>): EffectNeeds {
  const sleep = () => ({ done: Promise.resolve(), cancel() {} })
  const now = () => clock.now()
  return { ...needs, clock: { now, monotonic: () => clock.monotonic(), sleep } }
}

/** Nobody else ends it until the answer is called. */
async function holdDistribution(database: Database, id: DistributionId) {
  const locked = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const holding = database.write(async (tx) => {
    await lockDistribution(tx, id)
    locked.resolve()
    await released.promise
  })
  await Promise.race([locked.promise, holding])
  return async () => {
    released.resolve()
    await holding
  }
}

describe('the outbox', () => {
  it('an effect that takes long holds up no other, and is performed once', async () => {
    await using it = await setUp()
    const { database, underWay } = it.needs
    const release = await holdDistribution(database, it.id)
    const other = newId<DistributionId>(systemRandom)
    await order(database, other)
    expect(await performEffects(impatient(it))).toBe(10_000)
    const [slow, quick] = underWay.keys()
    await underWay.get(quick ?? 0)
    expect([...underWay.keys()]).toEqual([slow])
    expect(await loadDistribution(database.read, other)).toMatchObject({ state: 'failed' })
    it.clock.advance(10_000)
    // Its lease ran out and is prolonged.
    expect(await performEffects(impatient(it))).toBe(10_000)
    expect([...underWay.keys()]).toEqual([slow])
    expect(await loadDistribution(database.read, it.id)).toMatchObject({ state: 'requested' })
    await release()
    await Promise.all(underWay.values())
    expect(await loadDistribution(database.read, it.id)).toMatchObject({ state: 'failed' })
    expect(it.outcomes).toHaveLength(2)
    expect(await performEffects(it.needs)).toBeNull()
  })

  it('a server that stops takes no more effects', async () => {
    await using it = await setUp()
    it.stopping.abort()
    expect(await performEffects(it.needs)).toBeNull()
    expect(it.outcomes).toEqual([])
  })

  it('a slow build ends nothing that was ordered again with another version meanwhile', async () => {
    await using it = await setUp()
    const { database } = it.needs
    const save = await buildDistribution(it.needs, it.id)
    await performEffects(it.needs)
    const failed = await loadDistribution(database.read, it.id)
    if (failed === undefined) throw new Error('it was ordered')
    const order = { ...failed.order, version: '1.2.3.5' as AgentVersion }
    await database.write((tx) => saveOrderedAgain(tx, { id: it.id, order }, START))
    await database.write(save)
    expect(await loadDistribution(database.read, it.id)).toMatchObject({ state: 'requested' })
  })

  it('an effect is performed and its row goes, with its outcome', async () => {
    await using it = await setUp()
    expect(await performEffects(it.needs)).toBeNull()
    // Nothing was released: that is an outcome too.
    expect(await loadDistribution(it.needs.database.read, it.id)).toMatchObject({
      state: 'failed',
      reason: 'release-missing',
    })
    expect(it.outcomes).toEqual(['failed'])
  })

  it('a worker that died leaves an effect that falls due again', async () => {
    await using it = await setUp()
    const take = { limit: 8, leaseMs: 60_000 }
    const taken = await it.needs.database.write((tx) => takeEffects(tx, take, START))
    expect(taken).toHaveLength(1)
    const next = await performEffects(it.needs)
    expect(next).toBe(60_000)
    expect(await loadDistribution(it.needs.database.read, it.id)).toMatchObject({
      state: 'requested',
    })
    it.clock.advance(60_000)
    expect(await performEffects(it.needs)).toBeNull()
    expect(await loadDistribution(it.needs.database.read, it.id)).toMatchObject({ state: 'failed' })
  })

  it('an effect that a clock which ran ahead put off is due once the clock is right', async () => {
    await using it = await setUp()
    it.clock.jumpTo(START + 86_400_000)
    const take = { limit: 8, leaseMs: 10_000 }
    await it.needs.database.write((tx) => takeEffects(tx, take, it.clock.now()))
    it.clock.jumpTo(START)
    expect(await performEffects(it.needs)).toBeNull()
    expect(await loadDistribution(it.needs.database.read, it.id)).toMatchObject({ state: 'failed' })
  })

  it('two servers at once perform each effect once', async () => {
    await using it = await setUp()
    for (let count = 0; count < 20; count++) {
      await order(it.needs.database, newId<DistributionId>(systemRandom))
    }
    await Promise.all([performEffects(it.needs), performEffects(it.needs)])
    expect(it.outcomes).toHaveLength(21)
  })

  it('a fault of the moment is tried again, later and later, and ends well', async () => {
    await using it = await setUp()
    let isAway = true
    const needs = failing(it.needs, () => isAway)
    for (const restMs of [1_000, 2_000, 4_000]) {
      // The rest is asked of the database too, which is away: look into the row.
      await expect(performEffects(needs)).rejects.toThrow('disk-full')
      const row = await it.needs.database.read.selectFrom('outbox').selectAll().executeTakeFirst()
      expect(row).toMatchObject({
        due_at: it.clock.now() + restMs,
        last_error: expect.stringContaining('disk-full'),
      })
      it.clock.advance(restMs)
    }
    isAway = false
    expect(await performEffects(needs)).toBeNull()
    expect(await loadDistribution(it.needs.database.read, it.id)).toMatchObject({
      state: 'failed',
      reason: 'release-missing',
    })
  })

  it('is given up after its last attempt, with the reason where a person looks', async () => {
    await using it = await setUp()
    const needs = failing(it.needs, () => true)
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      await expect(performEffects(needs)).rejects.toThrow('disk-full')
      it.clock.advance(300_000)
    }
    expect(await loadDistribution(it.needs.database.read, it.id)).toMatchObject({
      state: 'failed',
      reason: 'build-fault',
      message: 'disk-full: building',
    })
    expect(await it.needs.database.read.selectFrom('outbox').selectAll().execute()).toEqual([])
  })

  it('an order that was deleted meanwhile is not built', async () => {
    await using it = await setUp()
    await it.needs.database.write(async (tx) => {
      await tx.updateTable('distribution').set({ state: 'withdrawn' }).execute()
    })
    expect(await performEffects(it.needs)).toBeNull()
    expect(await loadDistribution(it.needs.database.read, it.id)).toMatchObject({
      state: 'withdrawn',
    })
    expect(it.outcomes).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import type { EndpointId } from '../base/ids.ts'
import type { FleetEvent } from '../domain/event/fleet-event.ts'
import {
  deleteOldEvents,
  loadEventRange,
  loadEventsAfter,
  saveEvents,
  sealEvents,
} from './events.ts'
import type { Database } from './open.ts'
import { startTestDatabase } from './testing/database.ts'

function eventOf(name: string): FleetEvent {
  return { type: 'configuration.changed', name, by: 'test' }
}

async function namesAfter(database: Database, position: number) {
  const events = await loadEventsAfter(database.read, position, 1000)
  return events.map(({ event }) => (event.type === 'configuration.changed' ? event.name : ''))
}

describe('events', () => {
  it('are seen once they have a position, in their order', async () => {
    await using database = await startTestDatabase()
    await database.write((tx) => saveEvents(tx, 5, [eventOf('a'), eventOf('b')]))
    expect(await namesAfter(database, 0)).toEqual([])
    expect(await database.write((tx) => sealEvents(tx, 100))).toBe(2)
    expect(await namesAfter(database, 0)).toEqual(['a', 'b'])
    expect(await namesAfter(database, 1)).toEqual(['b'])
    expect(await database.write((tx) => sealEvents(tx, 100))).toBe(0)
    expect(await loadEventRange(database.read)).toEqual({ first: 1, last: 2 })
  })

  it('come out as they were told, in that order, also those that are alike', async () => {
    await using database = await startTestDatabase()
    const one = '1'.repeat(32) as EndpointId
    const two = '2'.repeat(32) as EndpointId
    const restored = (endpointId: EndpointId, hostname: string): FleetEvent => {
      return { type: 'endpoint.restored', endpointId, hostname }
    }
    const told = [
      restored(two, 'same'),
      restored(one, 'same'),
      eventOf('between'),
      restored(two, 'same'),
      restored(one, 'other'),
    ]
    await database.write((tx) => saveEvents(tx, 5, told))
    await database.write((tx) => sealEvents(tx, 100))
    const events = await loadEventsAfter(database.read, 0, 1000)
    expect(events.map(({ event }) => event)).toEqual(told)
    const about = await database.read
      .selectFrom('event')
      .select('endpoint_id')
      .orderBy('id')
      .execute()
    expect(about.map((row) => row.endpoint_id)).toEqual([two, one, null, two, one])
  })

  it('of a transaction that commits late come after those that a reader has seen', async () => {
    await using database = await startTestDatabase()
    const { promise: written, resolve: noteWritten } = Promise.withResolvers<void>()
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>()
    const late = database.write(async (tx) => {
      await saveEvents(tx, 5, [eventOf('late')])
      noteWritten()
      await mayCommit
    })
    await written
    await database.write((tx) => saveEvents(tx, 6, [eventOf('early')]))
    await database.write((tx) => sealEvents(tx, 100))
    expect(await namesAfter(database, 0)).toEqual(['early'])
    commit()
    await late
    await database.write((tx) => sealEvents(tx, 100))
    expect(await namesAfter(database, 1)).toEqual(['late'])
  })

  it('get one position each, without gaps, however many seal at once', async () => {
    await using database = await startTestDatabase()
    const write = (name: number) =>
      database.write((tx) => saveEvents(tx, 5, [eventOf(`${name}`), eventOf(`${name}+`)]))
    const sealAll = async () => {
      while ((await database.write((tx) => sealEvents(tx, 7))) > 0);
    }
    await Promise.all([
      ...Array.from({ length: 40 }, (_, name) => write(name)),
      sealAll(),
      sealAll(),
    ])
    await Promise.all([sealAll(), sealAll(), sealAll()])
    const events = await loadEventsAfter(database.read, 0, 1000)
    expect(events.map(({ position }) => position)).toEqual(
      Array.from({ length: 80 }, (_, index) => index + 1),
    )
  })

  it('are forgotten by age and by number, in batches, and positions go on', async () => {
    await using database = await startTestDatabase()
    for (const at of [10, 20, 30, 40, 50]) {
      await database.write((tx) => saveEvents(tx, at, [eventOf(`${at}`)]))
    }
    await database.write((tx) => sealEvents(tx, 100))
    const forget = (old: Parameters<typeof deleteOldEvents>[1]) =>
      database.write((tx) => deleteOldEvents(tx, old))
    expect(await forget({ before: 30, keep: 100, limit: 1 })).toBe(1)
    expect(await forget({ before: 30, keep: 100, limit: 10 })).toBe(1)
    expect(await namesAfter(database, 0)).toEqual(['30', '40', '50'])
    expect(await forget({ before: 0, keep: 1, limit: 10 })).toBe(2)
    expect(await loadEventRange(database.read)).toEqual({ first: 5, last: 5 })
    expect(await forget({ before: 100, keep: 100, limit: 10 })).toBe(1)
    expect(await loadEventRange(database.read)).toEqual({ first: 6, last: 5 })
  })

  it('are forgotten without a gap, whatever a clock wrote', async () => {
    await using database = await startTestDatabase()
    for (const at of [10, 9999, 20, 5000]) {
      await database.write((tx) => saveEvents(tx, at, [eventOf(String(at))]))
    }
    await database.write((tx) => sealEvents(tx, 100))
    const old = { before: 30, keep: 100, limit: 10 }
    expect(await database.write((tx) => deleteOldEvents(tx, old))).toBe(3)
    expect(await loadEventRange(database.read)).toEqual({ first: 4, last: 4 })
  })
})

import { describe, expect, it } from 'vitest'
import { takeLease } from './leases.ts'
import type { Database } from './open.ts'
import { startTestDatabase } from './testing/database.ts'

function take(database: Database, owner: string, now: number): Promise<boolean> {
  return database.write((tx) => takeLease(tx, { name: 'work', owner, until: now + 100 }, now))
}

describe('a lease', () => {
  it("is one owner's until it lets it run out", async () => {
    await using database = await startTestDatabase()
    expect(await take(database, 'a', 0)).toBe(true)
    expect(await take(database, 'b', 50)).toBe(false)
    expect(await take(database, 'a', 60)).toBe(true)
    expect(await take(database, 'b', 159)).toBe(false)
    expect(await take(database, 'b', 160)).toBe(true)
    expect(await take(database, 'a', 161)).toBe(false)
  })

  it('is free when a clock that ran ahead took it, and was corrected', async () => {
    await using database = await startTestDatabase()
    expect(await take(database, 'ahead', 1_000_000)).toBe(true)
    expect(await take(database, 'b', 0)).toBe(true)
    // A clock that is merely a little ahead keeps what it took.
    expect(await take(database, 'c', 200)).toBe(true)
    expect(await take(database, 'b', 150)).toBe(false)
  })

  it('has one taker, however many try at once', async () => {
    await using database = await startTestDatabase()
    const owners = Array.from({ length: 8 }, (_, index) => `owner ${index}`)
    const taken = await Promise.all(owners.map((owner) => take(database, owner, 0)))
    expect(taken.filter(Boolean)).toHaveLength(1)
  })
})

import { describe, expect, it } from 'vitest'
import type { VersionKind } from './bad-versions.ts'
import type { Cut } from './disk/drive.ts'
import { HOUR, smallWorld } from './testing/small-world.ts'

/**
 * One upgrade from the order to its acknowledged end; the power goes once, when it says so. What a
 * cut tears is another matter of chance at each.
 */
async function upgrade(kind: VersionKind, cut: Cut | null) {
  const seed = `${cut?.takes} ${cut?.when} ${cut?.atChange}`
  const { world, server, machines, next } = smallWorld({ kind, seed })
  const [machine] = machines
  if (machine === undefined) throw new Error('there is one machine')
  await world.run(HOUR, () => machine.observe().isHealthy)
  const before = machine.drive.changes
  if (cut !== null) machine.drive.cut = { ...cut, atChange: before + cut.atChange }
  server.order(next)
  const isOver = () => {
    const { attempt, slots, isHealthy } = machine.observe()
    return server.ends.size > 0 && attempt === null && slots.outcome === null && isHealthy
  }
  await world.run(HOUR, isOver)
  const seen = machine.observe()
  const { changes } = machine.drive
  await world.close()
  return { seen, changes: changes - before, ends: [...server.ends.values()], world }
}

type Run = Awaited<ReturnType<typeof upgrade>>

function expectEnd(run: Run, order: { version: string; phase: string; about: string }): void {
  const { seen, ends, world } = run
  const about = `${order.about}\n${world.transcript.join('\n')}`
  expect(seen.isHealthy, about).toBe(true)
  expect(seen.slots.active?.version, about).toBe(order.version)
  expect(
    ends.map((end) => end.phase),
    about,
  ).toEqual([order.phase])
}

async function cutEverywhere(kind: VersionKind, version: string, phase: string) {
  const { changes } = await upgrade(kind, null)
  expect(changes).toBeGreaterThan(50)
  for (let atChange = 1; atChange <= changes; atChange += 1) {
    for (const when of ['before', 'after'] as const) {
      const run = await upgrade(kind, { atChange, when })
      expect(run.world.transcript.join('\n')).toContain('machine-1 power cut')
      expectEnd(run, { version, phase, about: `${when} change ${atChange}` })
    }
  }
}

describe('a power cut at any change of the disk', () => {
  it('of an upgrade that goes well leaves a machine that ends it', async () => {
    await cutEverywhere('bare', '1.1.0.0', 'succeeded')
  })

  it('of an upgrade to a bad version leaves a machine that goes back', async () => {
    await cutEverywhere('exits-at-once', '1.0.0.0', 'rolled-back')
  })
})

describe('a kill -9 at any change of the disk', () => {
  it.each(['launcher', 'agent'] as const)(
    'of the %s leaves a machine that ends its upgrade',
    async (takes) => {
      const { changes } = await upgrade('bare', null)
      let killed = 0
      for (let atChange = 1; atChange <= changes; atChange += 1) {
        const run = await upgrade('bare', { atChange, when: 'before', takes })
        if (run.world.transcript.some((line) => line.endsWith(`${takes} killed`))) killed += 1
        const about = `${takes} at change ${atChange}`
        expectEnd(run, { version: '1.1.0.0', phase: 'succeeded', about })
      }
      // While the launcher switches there is a moment without an agent.
      expect(killed).toBeGreaterThan(changes - 10)
    },
  )
})

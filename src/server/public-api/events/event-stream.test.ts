import { describe, expect, it } from 'vitest'
import type { UpgradeActionId } from '../../../base/ids.ts'
import { EVENT_SILENCE_MS_MAX } from '../../../contract/public/events.ts'
import type { Actor } from '../../../domain/access/actor.ts'
import { noRole } from '../../../domain/access/grants.ts'
import type { FleetEvent } from '../../../domain/event/fleet-event.ts'
import { saveEvents, sealEvents } from '../../../store/events.ts'
import { EventTail } from '../../event-tail.ts'
import { TEST_ACTOR } from '../../testing/ask.ts'
import { enrolTestAgent, saveTestDistribution, startTestServer } from '../../testing/fleet.ts'
import { eventStream } from './event-stream.ts'

type Given = { readonly actor: Actor; readonly current?: () => Actor | null }

async function startStream({ actor, current = () => actor }: Given) {
  const server = await startTestServer()
  const { database, clock } = server
  const agent = await enrolTestAgent(server, await saveTestDistribution(database), 'h1')
  const eventTail = new EventTail(database)
  const keyRing = { current: async () => current() }
  const ends = { count: 0 }
  const order = { actor, position: 0, types: null }
  const stream = eventStream({ database, clock, keyRing, eventTail }, order, () => ends.count++)
  const blocks = stream[Symbol.asyncIterator]()
  return {
    ...{ server, agent, blocks, ends, clock, eventTail },
    async save(...events: readonly FleetEvent[]) {
      await database.write(async (tx) => {
        await saveEvents(tx, clock.now(), events)
        await sealEvents(tx, 100)
      })
    },
    async next() {
      const { value } = await blocks.next()
      return value === undefined ? null : Buffer.from(value).toString('utf8')
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const CHANGED = { type: 'configuration.changed', name: 'x', by: 'test' } as const

describe('an event stream', () => {
  it.each([
    ['everywhere', null, ['endpoint.enrolled', 'upgrade.changed', 'configuration.changed']],
    ['where it is', ['web'], ['endpoint.enrolled', 'upgrade.changed', 'configuration.changed']],
    ['elsewhere', ['db'], ['configuration.changed']],
  ])('tells of an endpoint to whoever may see it %s', async (_name, tags, told) => {
    const scope = tags === null ? null : { tags }
    await using stream = await startStream({ actor: { ...TEST_ACTOR, scope } })
    const { endpointId } = stream.agent
    const about = { state: 'queued', reason: null, message: null, percent: 0 }
    const upgrade = { endpointId, actionId: 1 as UpgradeActionId, targetVersion: '1.0.0.2' }
    const created = { actionId: 1 as UpgradeActionId, by: 'test', upgrades: 1 }
    await stream.save(
      { type: 'upgrade.changed', ...about, ...upgrade },
      // No upgrade of it is stored: nobody with a scope is told of it.
      ...(tags === null ? [] : [{ type: 'upgrade-action.created' as const, ...created }]),
      CHANGED,
    )
    expect(await stream.next()).toBe('retry: 2000\nid: 0\n\n')
    const text = (await stream.next()) ?? ''
    expect([...text.matchAll(/^event: (.*)$/gm)].map((match) => match[1])).toEqual(told)
    await stream.blocks.return?.()
  })

  it('tells nobody what his role does not let him see', async () => {
    const permissions = new Set(['configurations.view'] as const)
    const actor = { ...TEST_ACTOR, role: { ...noRole('x'), permissions } }
    await using stream = await startStream({ actor })
    await stream.save(CHANGED)
    await stream.next()
    expect(await stream.next()).toMatch(/^id: 2\nevent: configuration.changed\ndata: [^\n]+\n\n$/)
    await stream.blocks.return?.()
  })

  it('ends when the key is not good any more, and says so once', async () => {
    let actor: Actor | null = TEST_ACTOR
    await using stream = await startStream({ actor: TEST_ACTOR, current: () => actor })
    await stream.save(CHANGED)
    await stream.next()
    await stream.next()
    actor = null
    const ended = stream.next()
    const ends = () => {
      stream.clock.advance(1000)
      return stream.ends.count
    }
    await expect.poll(ends).toBe(1)
    expect(await ended).toBeNull()
    await stream.blocks.return?.()
  })

  it('says that it is there while nothing happens', async () => {
    await using stream = await startStream({ actor: TEST_ACTOR })
    await stream.save(CHANGED)
    await stream.next()
    await stream.next()
    let line: string | null = null
    const silence = stream.next().then((text) => {
      line = text
    })
    const startedAt = stream.clock.now()
    const told = () => {
      stream.clock.advance(500)
      return line
    }
    await expect.poll(told, { timeout: 10_000, interval: 10 }).toBe(': nothing new\nid: 2\n\n')
    await silence
    expect(stream.clock.now() - startedAt).toBeGreaterThanOrEqual(EVENT_SILENCE_MS_MAX)
    await stream.blocks.return?.()
  })

  it('ends at once when its reader leaves while it waits', async () => {
    await using stream = await startStream({ actor: TEST_ACTOR })
    await stream.save(CHANGED)
    await stream.next()
    await stream.next()
    const waiting = stream.next()
    await stream.blocks.return?.()
    expect(await waiting).toBeNull()
    expect(stream.ends.count).toBeGreaterThanOrEqual(1)
  })
})

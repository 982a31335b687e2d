import { expect, it } from 'vitest'
import { Fault } from '../../base/fault.ts'
import type { Derived, DerivedPart } from '../../pack/writer.ts'
import { startAssembledServer } from '../testing/assembled.ts'
import { preparingReleases } from './prepare-releases.ts'

const MAC = { platform: 'macos', libc: 'none' } as const
const MADE: Derived = { digest: 'a'.repeat(64) as Derived['digest'], size: 0, notes: '' }

/** A server with builds for both processors of Macs, and a worker that makes nothing. */
async function setUp(derive: (part: DerivedPart) => Promise<Derived>) {
  const server = await startAssembledServer()
  for (const arch of ['x64', 'arm64'] as const) await server.publish('1.2.3.4', { ...MAC, arch })
  const { needs } = server.assembled
  const stopping = new AbortController()
  const writerNeeds = { ...needs.writerNeeds, derive }
  const work = preparingReleases({ ...needs, writerNeeds, stopping: stopping.signal })
  return { server, work, stopping, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

it('parts that a fault of the moment prevented are made at the next turn, then left', async () => {
  const asked: string[] = []
  await using it = await setUp(async ({ recipe }) => {
    asked.push(recipe)
    if (asked.length > 1) return MADE
    throw new Fault({ code: 'disk-full', doing: 'making a part', retry: 'later' })
  })
  await it.work.perform()
  expect(asked).toHaveLength(1)
  await it.work.perform()
  expect(asked).toHaveLength(3)
  await it.work.perform()
  expect(asked).toHaveLength(3)
})

it('parts are looked at again when a build of their version is withdrawn', async () => {
  const asked: string[] = []
  await using it = await setUp(async ({ recipe }) => {
    asked.push(recipe)
    return MADE
  })
  await it.work.perform()
  expect(asked).toHaveLength(2)
  const withdrawn = { version: '1.2.3.4', ...MAC, arch: 'x64' }
  expect(await it.server.call('releases/withdraw', withdrawn)).toMatchObject({ status: 200 })
  await it.work.perform()
  expect(asked).toHaveLength(3)
})

it('a server that stops begins no part', async () => {
  await using it = await setUp(() => Promise.reject(new Error('nothing is made here')))
  it.stopping.abort()
  expect(await it.work.perform()).toBeNull()
})

/** Packages for Macs, from the order to bytes that a reader of others takes. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { needs } from '../../test/needs.ts'
import { systemClock } from '../base/clock.ts'
import { ManualClock } from '../base/clock-manual.ts'
import { type AssembledServer, startAssembledServer } from './testing/assembled.ts'

const MAC = { platform: 'macos', libc: 'none' } as const

async function order(server: AssembledServer, name: string): Promise<string> {
  const asked = { name, platform: 'macos', package_type: 'standalone' }
  const created = await server.call('distributions/create', asked)
  expect(created).toMatchObject({ status: 200 })
  await server.assembled.drain()
  return String(created.body.reply.distribution_id)
}

async function download(server: AssembledServer, distribution_id: string) {
  const asked = { distribution_id, package_type: 'pkg' }
  const answer = await server.call('distributions/get_dist_url', asked)
  expect(answer).toMatchObject({ status: 200 })
  const link = answer.body.reply as { distribution_url: string; file_name: string; sha256: string }
  const got = await fetch(link.distribution_url)
  const bytes = Buffer.from(await got.arrayBuffer())
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(link.sha256)
  return { bytes, fileName: link.file_name }
}

function listed(bytes: Uint8Array): readonly string[] {
  const done = spawnSync('bsdtar', ['-tf', '-'], { input: bytes, encoding: 'utf8' })
  expect(done.stderr).toBe('')
  return done.stdout.trim().split('\n')
}

async function partsOf(server: AssembledServer): Promise<readonly unknown[]> {
  const { read } = server.assembled.needs.database
  return await read.selectFrom('derived_part').selectAll().execute()
}

describe.skipIf(!needs('bsdtar'))('packages for Macs (needs bsdtar)', () => {
  it('hold the builds for both processors in one, and cost little each', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4', { ...MAC, arch: 'arm64' })
    await server.publish('1.2.3.4', { ...MAC, arch: 'x64' })
    const id = await order(server, 'macs')
    expect(await server.call('distributions/get_status', { distribution_id: id })).toMatchObject({
      body: { reply: { status: 'Completed', supported_packages: ['pkg'] } },
    })
    const first = await download(server, id)
    expect(first.fileName).toBe('drydock-agent-1.2.3.4.pkg')
    const folders = listed(first.bytes).filter((name) => name.endsWith('.pkg'))
    expect(folders).toEqual(['agent-x64.pkg', 'agent-arm64.pkg', 'config.pkg'])
    const before = await partsOf(server)
    const second = await download(server, await order(server, 'more macs'))
    expect(await partsOf(server)).toEqual(before)
    expect(second.bytes.equals(first.bytes)).toBe(false)
    expect(second.bytes.length - first.bytes.length).toBeLessThan(100)
  })

  it('are there for one processor, too, under the same name', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4', { ...MAC, arch: 'arm64' })
    const { bytes } = await download(server, await order(server, 'macs'))
    const folders = listed(bytes).filter((name) => name.endsWith('.pkg'))
    expect(folders).toEqual(['agent-arm64.pkg', 'config.pkg'])
  })

  it('keep the part of one processor when the other is published later', async () => {
    const clock = new ManualClock(systemClock.now())
    await using server = await startAssembledServer({ clock })
    await server.publish('1.2.3.4', { ...MAC, arch: 'arm64' })
    await order(server, 'macs')
    const before = await partsOf(server)
    clock.advance(60_000)
    await server.publish('1.2.3.4', { ...MAC, arch: 'x64' })
    await order(server, 'more macs')
    const after = await partsOf(server)
    expect([before.length, after.length]).toEqual([1, 2])
    expect(after).toEqual(expect.arrayContaining([...before]))
  })

  it('are all that such a distribution has', async () => {
    await using server = await startAssembledServer()
    await server.publish('1.2.3.4', { ...MAC, arch: 'x64' })
    const distribution_id = await order(server, 'macs')
    const asked = { distribution_id, package_type: 'deb' }
    expect(await server.call('distributions/get_dist_url', asked)).toMatchObject({
      status: 400,
      body: { reply: { reason: 'package-not-in-distribution' } },
    })
  })
})

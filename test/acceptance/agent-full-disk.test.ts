/** The agent's state folder on a disk that is full, and has room again. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeServer } from '../../src/agent/testing/fake-server.ts'
import { type InstalledAgent, installAgent } from '../../src/agent/testing/installed-agent.ts'
import { makeRelease, type Release } from '../../src/agent/testing/release.ts'
import type { CheckInRequest, Instruction } from '../../src/contract/agent/check-in.ts'
import { mountSmallDisk, type SmallDisk } from '../../src/store/testing/small-disk.ts'
import { buildHostAgent } from './built-agent.ts'

const MIB = 1024 * 1024
const folder = mkdtempSync(join(tmpdir(), 'drydock-build-'))
let launcher = ''
let bundle: Uint8Array = new Uint8Array()

beforeAll(async () => {
  const built = await buildHostAgent(folder)
  launcher = built.launcher
  bundle = built.bundle
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Machine = AsyncDisposable & { readonly agent: InstalledAgent; readonly server: FakeServer }

/** Its state folder is a link to the disk, as an administrator would make one. */
async function installOn(disk: SmallDisk, ...releases: Release[]): Promise<Machine> {
  const server = await FakeServer.start()
  server.publish(...releases)
  const seed = makeRelease({ version: '1.0.0.0', agent: bundle })
  const agent = installAgent({ launcher, seed, serverUrl: server.url })
  mkdirSync(dirname(agent.layout.state), { recursive: true })
  symlinkSync(disk.path, agent.layout.state)
  const dispose = async () => {
    await agent.remove()
    await server.close()
  }
  return { agent, server, [Symbol.asyncDispose]: dispose }
}

/** To the last byte. */
function fill(path: string): void {
  for (let size = MIB; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(size))
    } catch {
      // Best effort: no room for so many bytes; smaller ones may still find some.
    }
  }
}

function offer(release: Release, attempt: string): Instruction {
  return {
    kind: 'upgrade',
    attempt_id: attempt.repeat(32),
    version: release.version,
    manifest_digest: release.digest,
    start_within_s: 600,
    probation_s: 60,
    download_rate_max: 500_000,
    retry_skipped: false,
    may_switch: true,
    switch_within_s: null,
  }
}

const hasEnded = ({ attempt }: CheckInRequest) =>
  attempt !== null && ['succeeded', 'rolled-back', 'failed'].includes(attempt.phase)

const withData = (bytes: number) =>
  makeRelease({
    version: '2.0.0.0',
    agent: bundle,
    payload: { run: ['run.sh'] },
    payloadFiles: { data: randomBytes(bytes), 'run.sh': '#!/bin/sh\nexec sleep 1000\n' },
  })

describe('a full disk', () => {
  it('at the first start is waited out, and the seed is taken then', async (context) => {
    await using disk = await mountSmallDisk(16 * 1024)
    if (disk === null) return context.skip('needs the right to mount a small disk')
    await using machine = await installOn(disk)
    const launched = machine.agent.start()
    while (!machine.agent.log.some((line) => line.includes('was not taken'))) {
      await once(launched.stderr ?? launched, 'data')
    }
    await disk.resize(16 * MIB)
    expect(await machine.server.untilCheckIn(() => true)).toMatchObject({
      agent_version: '1.0.0.0',
    })
  })

  it('refuses an upgrade that has no room before it is downloaded', async (context) => {
    const two = withData(4 * MIB)
    await using disk = await mountSmallDisk(24 * MIB)
    if (disk === null) return context.skip('needs the right to mount a small disk')
    await using machine = await installOn(disk, two)
    machine.agent.start()
    machine.server.instruction = () => offer(two, 'a')
    const ended = await machine.server.untilCheckIn(hasEnded)
    expect(ended.attempt).toMatchObject({ phase: 'failed', reason: 'disk-full' })
    expect(machine.server.seen.some(({ kind }) => kind === 'download')).toBe(false)
  })

  it('in a download ends it; the old version runs on, even killed; later it goes', async (context) => {
    const two = withData(MIB)
    await using disk = await mountSmallDisk(64 * MIB)
    if (disk === null) return context.skip('needs the right to mount a small disk')
    await using machine = await installOn(disk, two)
    const { agent, server } = machine
    const launched = agent.start()
    const filler = join(disk.path, 'filler')
    let isFull = false
    server.instruction = (request) => {
      if (!isFull && request.attempt?.phase === 'downloading') {
        isFull = true
        fill(filler)
      }
      return hasEnded(request) ? { kind: 'nothing' } : offer(two, 'a')
    }
    const ended = await server.untilCheckIn(hasEnded)
    expect(ended.attempt).toMatchObject({ phase: 'failed', reason: 'disk-full' })
    expect(ended.agent_version).toBe('1.0.0.0')

    fill(filler)
    server.instruction = () => ({ kind: 'nothing' })
    process.kill(agent.running().pid, 'SIGKILL')
    launched.kill('SIGKILL')
    await once(launched, 'exit')
    agent.start()
    const before = server.seen.length
    const again = await server.untilCheckIn(({ run_id }) => run_id !== ended.run_id, before)
    expect(again.agent_version).toBe('1.0.0.0')

    rmSync(filler)
    server.instruction = (request) => (hasEnded(request) ? { kind: 'nothing' } : offer(two, 'b'))
    const last = await server.untilCheckIn(hasEnded, server.seen.length)
    expect(last.attempt).toMatchObject({ phase: 'succeeded' })
    expect(last.agent_version).toBe('2.0.0.0')
  })
})

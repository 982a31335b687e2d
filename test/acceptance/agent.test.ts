import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { FakeServer } from '../../src/agent/testing/fake-server.ts'
import { type InstalledAgent, installAgent } from '../../src/agent/testing/installed-agent.ts'
import { makeRelease, type Release } from '../../src/agent/testing/release.ts'
import { utf8 } from '../../src/base/bytes.ts'
import type { CheckInRequest, Instruction } from '../../src/contract/agent/check-in.ts'
import { buildAgent, hostRuntime, hostTarget } from '../../src/main/build-agent.ts'

const folder = mkdtempSync(join(tmpdir(), 'drydock-build-'))
let launcher = ''
let bundle: Uint8Array = new Uint8Array()
let server: FakeServer
const agents: InstalledAgent[] = []

beforeAll(async () => {
  const target = hostTarget(process)
  const runtimePath = hostRuntime(target)
  if (runtimePath === null) throw new Error('the runtime of this machine is not installed')
  const built = await buildAgent({ target, runtimePath, outDir: folder })
  launcher = built.launcher
  bundle = readFileSync(built.agent)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.remove()
  await server.close()
})

const good = (version: string) => makeRelease({ version, agent: bundle })

/** An agent.mjs that keeps the launcher's contract as far as `body` does. */
const script = (version: string, body: string) =>
  makeRelease({ version, agent: utf8(`export async function runAgent() { ${body} }`) })

const HELLO = `process.stdout.write('{"kind":"hello","protocol":1,"version":"3.0.0.0"}\\n');`

const attemptIds = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(32))

function offer(release: Release, changes: Record<string, unknown> = {}): Instruction {
  return {
    kind: 'upgrade',
    attempt_id: attemptIds[0] ?? '',
    version: release.version,
    manifest_digest: release.digest,
    start_within_s: 600,
    probation_s: 60,
    download_rate_max: null,
    retry_skipped: false,
    ...changes,
  }
}

async function installed(seed: Release, proxy: readonly string[] = []): Promise<InstalledAgent> {
  server ??= await FakeServer.start()
  const agent = installAgent({ launcher, seed, serverUrl: server.url, proxy })
  agents.push(agent)
  return agent
}

async function newServer(...releases: Release[]): Promise<void> {
  server = await FakeServer.start()
  server.publish(...releases)
}

/** Offers it until the server has been told how it ended. */
function offerUntilEnded(release: Release, changes: Record<string, unknown> = {}): void {
  let isOver = false
  server.instruction = (request) => {
    if (hasEnded(request)) isOver = true
    return isOver ? { kind: 'nothing' } : offer(release, changes)
  }
}

function hasEnded({ attempt }: CheckInRequest): boolean {
  return attempt !== null && ['succeeded', 'rolled-back', 'failed'].includes(attempt.phase)
}

describe('a good upgrade', () => {
  it('enrols, checks in, goes from 1 to 2, and keeps nothing but 1 and 2', async () => {
    const [one, two] = [good('1.0.0.0'), good('2.0.0.0')]
    await newServer(two)
    const agent = await installed(one)
    agent.start()
    const first = await server.untilCheckIn(() => true)
    expect(first).toMatchObject({ agent_version: '1.0.0.0', manifest_digest: one.digest })
    offerUntilEnded(two)
    const ended = await server.untilCheckIn(hasEnded)
    expect(ended.attempt).toMatchObject({ phase: 'succeeded', percent: 100, reason: null })
    expect(ended.agent_version).toBe('2.0.0.0')
    expect(server.seen.filter((seen) => seen.kind === 'enrol')).toHaveLength(1)
    // The bundle is the same one, so nothing had to be downloaded.
    expect(server.seen.filter((seen) => seen.kind === 'download')).toHaveLength(0)
    await server.untilCheckIn(({ attempt }) => attempt === null, server.seen.length)
    expect(readdirSync(agent.layout.versions).sort()).toEqual([one.digest, two.digest].sort())
    const status = JSON.parse((await agent.ask('status', '--json')).output)
    expect(status).toMatchObject({ running: true, version: '2.0.0.0', backup: '1.0.0.0' })
  })
})

describe('a bad version is taken back, and its reason is told', () => {
  const bad: [name: string, reason: string, make: () => Release, probationS: number][] = [
    ['does not start', 'does-not-start', () => script('3.0.0.0', 'process.exit(7)'), 60],
    [
      'exits after a second',
      'exited',
      () => script('3.0.0.0', `${HELLO} await new Promise((r) => setTimeout(r, 1000)); return 1`),
      60,
    ],
    ['hangs without a word', 'silent', () => script('3.0.0.0', 'for (;;) {}'), 60],
    [
      'runs but never checks in',
      'never-checked-in',
      () => script('3.0.0.0', `${HELLO} setInterval(() => {}, 1000); await new Promise(() => {})`),
      3,
    ],
    [
      'has an unhealthy payload',
      'payload-unhealthy',
      () =>
        makeRelease({
          version: '3.0.0.0',
          agent: bundle,
          payload: { run: ['run.sh'], health: ['health.sh'] },
          payloadFiles: {
            'run.sh': '#!/bin/sh\nexec sleep 1000\n',
            'health.sh': '#!/bin/sh\nexit 1\n',
          },
        }),
      60,
    ],
    [
      'has a payload that ends',
      'payload-exited',
      () =>
        makeRelease({
          version: '3.0.0.0',
          agent: bundle,
          payload: { run: ['run.sh'] },
          payloadFiles: { 'run.sh': '#!/bin/sh\nexit 3\n' },
        }),
      60,
    ],
  ]
  it.each(bad)('a version that %s', async (_, reason, make, probationS) => {
    const [two, three] = [good('2.0.0.0'), make()]
    await newServer(three)
    const agent = await installed(two)
    agent.start()
    await server.untilCheckIn(() => true)
    offerUntilEnded(three, { probation_s: probationS })
    const ended = await server.untilCheckIn(hasEnded)
    expect(ended.attempt).toMatchObject({ phase: 'rolled-back', reason })
    expect(ended.agent_version).toBe('2.0.0.0')
    expect(ended.skipped).toEqual([{ manifest_digest: three.digest, reason }])
    server.instruction = () => offer(three, { attempt_id: attemptIds[1] })
    const again = await server.untilCheckIn(
      (request) => hasEnded(request) && request.attempt?.attempt_id === attemptIds[1],
    )
    expect(again.attempt).toMatchObject({ phase: 'failed', reason: 'failed-before' })
  })
})

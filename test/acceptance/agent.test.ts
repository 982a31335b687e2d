import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer as createHttpServer, request as sendOnward } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeServer, type Seen } from '../../src/agent/testing/fake-server.ts'
import {
  type InstalledAgent,
  installAgent,
  writeSeed,
} from '../../src/agent/testing/installed-agent.ts'
import { makeRelease, type Release } from '../../src/agent/testing/release.ts'
import { utf8 } from '../../src/base/bytes.ts'
import {
  ATTEMPT_PHASES,
  type AttemptPhase,
  type CheckInRequest,
  type Instruction,
} from '../../src/contract/agent/check-in.ts'
import { buildHostAgent } from './built-agent.ts'

const folder = mkdtempSync(join(tmpdir(), 'drydock-build-'))
let launcher = ''
let bundle: Uint8Array = new Uint8Array()

beforeAll(async () => {
  const built = await buildHostAgent(folder)
  launcher = built.launcher
  bundle = built.bundle
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const good = (version: string) => makeRelease({ version, agent: bundle })

/** An agent.mjs that keeps the launcher's contract as far as `body` does. */
const script = (version: string, body: string) =>
  makeRelease({ version, agent: utf8(`export async function runAgent() { ${body} }`) })

/** The agent, in which something goes wrong as it speaks with its server, and nobody notices. */
const slipping = () => {
  const text = `// @bun
const realFetch = globalThis.fetch
globalThis.fetch = (...asked) => {
  setTimeout(() => { throw new Error('of a timer') }, 0)
  return realFetch(...asked)
}
`
  return makeRelease({ version: '3.0.0.0', agent: Buffer.concat([utf8(text), bundle]) })
}

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
    may_switch: true,
    switch_within_s: null,
    ...changes,
  }
}

/** One test's own: tests wait for most of their time, and do so side by side. */
type Site = AsyncDisposable & { readonly server: FakeServer; readonly agent: InstalledAgent }

async function openSite(
  seed: Release,
  releases: readonly Release[] = [],
  proxy: readonly string[] = [],
): Promise<Site> {
  const server = await FakeServer.start()
  server.publish(...releases)
  const agent = installAgent({ launcher, seed, serverUrl: server.url, proxy })
  const dispose = async () => {
    await agent.remove()
    await server.close()
  }
  return { server, agent, [Symbol.asyncDispose]: dispose }
}

/** Offers it until the server has been told how it ended. */
function offerUntilEnded(release: Release, changes: Record<string, unknown> = {}) {
  let isOver = false
  return (request: CheckInRequest): Instruction => {
    if (hasEnded(request)) isOver = true
    return isOver ? { kind: 'nothing' } : offer(release, changes)
  }
}

function isEnrolment(seen: Seen): seen is Extract<Seen, { kind: 'enrol' }> {
  return seen.kind === 'enrol'
}

/** Phases may pass between two check-ins: the first one that is as far, or further, counts. */
function reached(phase: AttemptPhase, wanted: AttemptPhase): boolean {
  return ATTEMPT_PHASES.indexOf(phase) >= ATTEMPT_PHASES.indexOf(wanted) && phase !== 'failed'
}

/** Processes whose working directory is below a folder: the payloads of an agent. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const isShell = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('run.sh')
      return isShell && readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
    } catch {
      // Best effort: it ended while we looked.
      return false
    }
  })
}

function hasEnded({ attempt }: CheckInRequest): boolean {
  return attempt !== null && ['succeeded', 'rolled-back', 'failed'].includes(attempt.phase)
}

describe.concurrent('a good upgrade', () => {
  it('enrols, checks in, goes from 1 to 2, and keeps nothing but 1 and 2', async () => {
    const [one, two] = [good('1.0.0.0'), good('2.0.0.0')]
    await using site = await openSite(one, [two])
    const { server, agent } = site
    agent.start()
    const first = await server.untilCheckIn(() => true)
    expect(first).toMatchObject({ agent_version: '1.0.0.0', manifest_digest: one.digest })
    server.instruction = offerUntilEnded(two)
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

describe.concurrent('permission to switch', () => {
  it('is waited for, through a kill; a server from before it offers once, and that is all', async () => {
    const [one, two, three] = [good('1.0.0.0'), good('2.0.0.0'), good('3.0.0.0')]
    await using site = await openSite(one, [two, three])
    const { server, agent } = site
    agent.start()
    server.instruction = () => offer(two, { may_switch: false })
    await server.untilCheckIn(({ attempt }) => attempt?.phase === 'staged')
    process.kill(agent.running().pid, 'SIGKILL')
    const mark = server.seen.length
    for (let waiting = 0; waiting < 3; waiting += 1) {
      const { attempt } = await server.untilCheckIn(() => true, server.seen.length)
      expect(attempt?.phase).toBe('staged')
    }
    server.instruction = () => offer(two)
    const ended = await server.untilCheckIn(hasEnded, mark)
    expect(ended).toMatchObject({ agent_version: '2.0.0.0', attempt: { phase: 'succeeded' } })
    const changes = { attempt_id: attemptIds[1], may_switch: null }
    server.instruction = ({ attempt }) => {
      return attempt === null ? offer(three, changes) : { kind: 'nothing' }
    }
    const again = await server.untilCheckIn(
      (request) => hasEnded(request) && request.attempt?.attempt_id === attemptIds[1],
    )
    expect(again).toMatchObject({ agent_version: '3.0.0.0', attempt: { phase: 'succeeded' } })
  })
})

describe.concurrent('a bad version is taken back, and its reason is told', () => {
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
    ['lets a timer throw', 'exited', slipping, 60],
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
    await using site = await openSite(two, [three])
    const { server, agent } = site
    agent.start()
    await server.untilCheckIn(() => true)
    server.instruction = offerUntilEnded(three, { probation_s: probationS })
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

describe.concurrent('killed at any time, it ends well', () => {
  const phases = ['accepted', 'downloading', 'staged', 'switching', 'on-probation'] as const
  const victims = ['agent', 'launcher', 'both'] as const
  const rows = phases.flatMap((phase) => victims.map((victim) => [victim, phase] as const))

  it.each(rows)('kill -9 of %s when the server hears of %s', async (victim, phase) => {
    const payload = { run: ['run.sh'] }
    const payloadFiles = { 'run.sh': '#!/bin/sh\nsleep 1000\n', data: randomBytes(300_000) }
    const two = makeRelease({ version: '2.0.0.0', agent: bundle, payload, payloadFiles })
    await using site = await openSite(good('1.0.0.0'), [two])
    const { server, agent } = site
    let launched = agent.start()
    let killed = false
    const offering = offerUntilEnded(two, { download_rate_max: 400_000 })
    server.instruction = (request) => {
      if (!killed && request.attempt !== null && reached(request.attempt.phase, phase)) {
        killed = true
        if (victim !== 'agent') launched.kill('SIGKILL')
        if (victim !== 'launcher') process.kill(agent.running().pid, 'SIGKILL')
        if (victim !== 'agent') void once(launched, 'exit').then(() => (launched = agent.start()))
      }
      return offering(request)
    }
    const ended = await server.untilCheckIn(hasEnded)
    expect(killed).toBe(true)
    expect(ended.attempt).toMatchObject({ phase: 'succeeded' })
    expect(ended.agent_version).toBe('2.0.0.0')
    expect(processesIn(agent.layout.versions).length).toBe(1)
  })

  it('a second launcher on the same folder leaves the first alone', async () => {
    await using site = await openSite(good('1.0.0.0'))
    const { server, agent } = site
    agent.start()
    await server.untilCheckIn(() => true)
    const second = agent.start()
    const [code] = await once(second, 'exit')
    expect(code).toBe(3)
    await server.untilCheckIn(() => true, server.seen.length)
  })

  it('SIGTERM stops agent and payload, and the launcher exits with 0', async () => {
    const payloadFiles = { 'run.sh': '#!/bin/sh\nsleep 1000\n' }
    const seed = makeRelease({
      version: '1.0.0.0',
      agent: bundle,
      payload: { run: ['run.sh'] },
      payloadFiles,
    })
    await using site = await openSite(seed)
    const { server, agent } = site
    const launched = agent.start()
    await server.untilCheckIn(({ health }) => health.status === 'healthy')
    expect(processesIn(agent.layout.versions).length).toBe(1)
    launched.kill('SIGTERM')
    expect(await once(launched, 'exit')).toEqual([0, null])
    expect(processesIn(agent.layout.versions)).toEqual([])
  })
})

/** Where each request for the artifact that took the most requests began. */
function offsetsOfLongest(seen: FakeServer['seen']): number[] {
  const byPath = new Map<string, number[]>()
  for (const each of seen) {
    if (each.kind !== 'download') continue
    const offset = Number(/^bytes=(\d+)-$/.exec(each.range ?? 'bytes=0-')?.[1])
    byPath.set(each.path, [...(byPath.get(each.path) ?? []), offset])
  }
  return [...byPath.values()].toSorted((left, right) => right.length - left.length)[0] ?? []
}

describe.concurrent('hostile and broken surroundings', () => {
  it('a download that is cut again and again is resumed, and never begun anew', async () => {
    const data = randomBytes(500_000)
    const two = makeRelease({
      version: '2.0.0.0',
      agent: bundle,
      payload: { run: ['run.sh'] },
      payloadFiles: { data, 'run.sh': '#!/bin/sh\nexec sleep 1000\n' },
    })
    await using site = await openSite(good('1.0.0.0'), [two])
    const { server, agent } = site
    server.cut = () => 200_000
    server.instruction = offerUntilEnded(two)
    agent.start()
    const ended = await server.untilCheckIn(hasEnded)
    expect(ended.attempt).toMatchObject({ phase: 'succeeded', percent: 100 })
    const offsets = offsetsOfLongest(server.seen)
    // How much of a cut answer arrives is the kernel's affair; asking for it again would be ours.
    expect(offsets.length).toBeGreaterThanOrEqual(3)
    expect(offsets[0]).toBe(0)
    expect(offsets).toEqual([...new Set(offsets)].toSorted((left, right) => left - right))
  })

  it('an answer that would unpack to a gigabyte is not unpacked', async () => {
    await using site = await openSite(good('1.0.0.0'))
    const { server, agent } = site
    agent.start()
    await server.untilCheckIn(() => true)
    const body = await promisify(zstdCompress)(Buffer.alloc(1024 ** 3))
    let answers = 0
    server.instead = () => {
      answers += 1
      return answers > 2 ? null : { status: 200, headers: { 'content-encoding': 'zstd' }, body }
    }
    await server.untilCheckIn(() => true, server.seen.length)
    expect(answers).toBeGreaterThan(2)
    // VmHWM of proc(5): the most it ever held.
    const status = readFileSync(`/proc/${agent.running().pid}/status`, 'utf8')
    expect(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])).toBeLessThan(100 * 1024)
  })

  it('bytes changed on the way never get a name', async () => {
    const two = makeRelease({
      version: '2.0.0.0',
      agent: bundle,
      payload: { run: ['run.sh'] },
      payloadFiles: { 'run.sh': '#!/bin/sh\nexec sleep 1000\n' },
    })
    await using site = await openSite(good('1.0.0.0'), [two])
    const { server, agent } = site
    server.tamper = (bytes) => {
      const changed = Buffer.from(bytes)
      changed[changed.length - 9] = (changed[changed.length - 9] ?? 0) ^ 1
      return changed
    }
    server.instruction = offerUntilEnded(two)
    agent.start()
    const ended = await server.untilCheckIn(hasEnded)
    expect(ended.attempt).toMatchObject({ phase: 'failed', reason: 'digest-mismatch' })
    expect(ended.agent_version).toBe('1.0.0.0')
    expect(readdirSync(agent.layout.store)).toHaveLength(1)
  })

  it('an active version whose file was changed is not run: the package mends it', async () => {
    const one = good('1.0.0.0')
    await using site = await openSite(one)
    const { server, agent } = site
    const launched = agent.start()
    await server.untilCheckIn(() => true)
    launched.kill('SIGKILL')
    await once(launched, 'exit')
    const file = join(agent.layout.versions, one.digest, 'agent.mjs')
    chmodSync(file, 0o600)
    writeFileSync(file, 'throw new Error("evil")')
    agent.start()
    await server.untilCheckIn(() => true, server.seen.length)
    expect(readFileSync(file).equals(bundle)).toBe(true)
  })

  it('torn slots: it begins from the seed again and keeps its identity', async () => {
    await using site = await openSite(good('1.0.0.0'))
    const { server, agent } = site
    const launched = agent.start()
    await server.untilCheckIn(() => true)
    launched.kill('SIGKILL')
    await once(launched, 'exit')
    writeFileSync(agent.layout.slots, '{"schema": 1, "act')
    agent.start()
    await server.untilCheckIn(() => true, server.seen.length)
    expect(server.seen.filter((seen) => seen.kind === 'enrol')).toHaveLength(1)
  })

  it('a newer package is adopted, an older one is left', async () => {
    const [one, two, three] = [good('1.0.0.0'), good('2.0.0.0'), good('3.0.0.0')]
    await using site = await openSite(two)
    const { server, agent } = site
    const restart = async (seed: Release) => {
      const mark = server.seen.length
      writeSeed(agent.layout, seed)
      const launched = agent.start()
      const { agent_version } = await server.untilCheckIn(() => true, mark)
      launched.kill('SIGTERM')
      await once(launched, 'exit')
      return agent_version
    }
    expect(await restart(two)).toBe('2.0.0.0')
    expect(await restart(one)).toBe('2.0.0.0')
    expect(await restart(three)).toBe('3.0.0.0')
    expect(server.seen.filter((seen) => seen.kind === 'enrol')).toHaveLength(1)
  })

  it('a dead and a hanging proxy are left for the direct way', async () => {
    const hanging = createServer((socket) => socket.on('error', () => {}))
    hanging.listen(0, '127.0.0.1')
    await once(hanging, 'listening')
    const { port } = hanging.address() as AddressInfo
    await using site = await openSite(good('1.0.0.0'), [], ['127.0.0.1:9', `127.0.0.1:${port}`])
    const { server, agent } = site
    agent.start()
    await server.untilCheckIn(() => true)
    hanging.close()
  })

  it('a proxy that works is used', async () => {
    const asked: string[] = []
    const proxy = createHttpServer((request, response) => {
      asked.push(request.url ?? '')
      const { method = 'GET', headers } = request
      const onward = sendOnward(request.url ?? '', { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      request.pipe(onward)
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const { port } = proxy.address() as AddressInfo
    await using site = await openSite(good('1.0.0.0'), [], [`127.0.0.1:${port}`])
    const { server, agent } = site
    agent.start()
    await server.untilCheckIn(() => true)
    expect(asked).toContain(`${server.url}/agent/v1/check-in`)
    proxy.closeAllConnections()
    proxy.close()
  })

  it('a refused credential leads to a new enrolment, a copy to an identity of its own', async () => {
    await using site = await openSite(good('1.0.0.0'))
    const { server, agent } = site
    agent.start()
    await server.untilCheckIn(() => true)
    let refusals = 1
    server.instead = (path) =>
      path === '/agent/v1/check-in' && refusals-- > 0
        ? { status: 401, body: { code: 'credential-unknown', message: 'who?' } }
        : null
    const again = await server.until(isEnrolment, server.seen.length)
    expect(again.request.is_copy).toBe(false)
    const mark = server.seen.length
    server.instruction = () => ({ kind: 'enrol-as-copy' })
    const asCopy = await server.until(isEnrolment, mark)
    expect(asCopy.request.is_copy).toBe(true)
  })
})

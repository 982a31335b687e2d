/**
 * kill -9 of the server with its database, of the agent, and of agent and launcher together, in the
 * middle of whatever they do. Each time everything is started again as a service manager would, and
 * it ends well.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, readlinkSync, watch } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { family } from '../../bench/machine.ts'
import { digestOf } from '../../src/base/digest.ts'
import { describeNeeds } from '../needs.ts'
import { builtInRelease, download, order, publish } from './catalogue.ts'
import { endOf, enrolledId, installDeb, runsVersion, startAgent, upgrade } from './machine.ts'
import { eventually, freePort, type Running } from './processes.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const IDLE = '#!/bin/sh\nexec sleep 1000000\n'
const HEALTHY = '#!/bin/sh\nexit 0\n'
const MIB = 1024 * 1024

let folder: string
let root: string
let state: string
let port: number
let server: ServerProcess
let agent: Running
let id: string
let base: Awaited<ReturnType<typeof builtInRelease>>
let current = '1.0.0.1'
let count = 1

async function startAgain(): Promise<void> {
  server = await startServerProcess({ dataDir: join(folder, 'data'), port })
}

/** Every process of the server at once, PostgreSQL's too: the power cut. */
async function killServer(): Promise<void> {
  killAll(family(server.pid))
  await server.ended
}

/**
 * A version with a payload that is new each time, large enough that its download takes its time.
 */
async function publishNext(): Promise<string> {
  count += 1
  const version = `1.0.0.${count}`
  const ballast = randomBytes(8 * MIB).toString('base64')
  await publish(server.client, base, {
    version,
    payload: { 'bin/idle': IDLE, 'bin/health': HEALTHY, ballast },
    run: ['bin/idle'],
    health: ['bin/health'],
  })
  return version
}

describeNeeds(['dpkg'], 'kill -9', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-kills-'))
    root = join(folder, 'machine')
    state = join(root, 'var/lib/drydock-agent')
    port = await freePort()
    await startAgain()
    base = await builtInRelease(server.client)
    const payload = { 'bin/idle': IDLE, 'bin/health': HEALTHY }
    const first = { version: current, payload, run: ['bin/idle'], health: ['bin/health'] }
    await publish(server.client, base, first)
    const distribution = await order(server.client, 'kills', current)
    const deb = await download(server.client, distribution, { type: 'deb', folder })
    await installDeb(root, deb)
    await mkdir(state, { recursive: true, mode: 0o700 })
    agent = startAgent(root)
    id = await enrolledId(root)
    await runsVersion(server.client, id, current)
  }, 180_000)

  afterAll(async () => {
    await agent?.end('SIGTERM')
    await server?.end('SIGTERM')
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  it('of the server right after an order: the distribution is built by the next one', async () => {
    const orders = Array.from({ length: 5 }, (_, index) =>
      server.client.distributions.create({
        name: `killed ${index}`,
        platform: 'linux',
        package_type: 'standalone',
      }),
    )
    const made = await Promise.all(orders)
    await killServer()
    await startAgain()
    for (const { distribution_id } of made) {
      const status = await eventually('a built distribution', async () => {
        const answer = await server.client.distributions.getStatus(distribution_id)
        return answer.status === 'In progress' ? null : answer.status
      })
      expect(status).toBe('Completed')
    }
  })

  it('of the server in the middle of a download: it is resumed, with the same bytes', async () => {
    const distribution = await order(server.client, 'resumed', current)
    const wanted = { distribution_id: distribution, package_type: 'deb' } as const
    const { distribution_url, size, sha256 } = await server.client.distributions.getDistUrl(wanted)
    const response = await fetch(distribution_url)
    const reader = response.body?.getReader()
    const chunks: Uint8Array[] = []
    let offset = 0
    while (offset < 4 * MIB) {
      const read = await reader?.read()
      if (read?.value === undefined) throw new Error('the download ended early')
      chunks.push(read.value)
      offset += read.value.length
    }
    await killServer()
    await expect(readToEnd(reader)).rejects.toThrow()
    await startAgain()
    const source = { url: distribution_url, size, offset }
    for await (const chunk of server.client.download(source)) chunks.push(chunk)
    expect(digestOf(Buffer.concat(chunks))).toBe(sha256)
  })

  it('of the server in the middle of an upgrade: the agent carries it through', async () => {
    const version = await publishNext()
    const actionId = await upgrade(server.client, id, version)
    await reaches('downloading')
    await killServer()
    await startAgain()
    expect(await endOf(server.client, actionId, id)).toMatchObject({ state: 'succeeded' })
    await runsVersion(server.client, id, version)
    current = version
  })

  const steps = ['accepted', 'downloading', 'staged', 'switching', 'on-probation'] as const
  it.each(steps)('of the agent at "%s": its launcher starts it again', async (step) => {
    await survives(step, () => killAgent())
  })

  it.each(steps)('of agent and launcher at "%s": the service starts them again', async (step) => {
    await survives(step, async () => {
      killAll(family(agent.pid))
      await agent.ended
      agent = startAgent(root)
    })
  })
})

async function survives(step: Step, kill: () => Promise<void>): Promise<void> {
  const version = await publishNext()
  const actionId = await upgrade(server.client, id, version)
  await reaches(step)
  await kill()
  expect(await endOf(server.client, actionId, id)).toMatchObject({ state: 'succeeded' })
  await runsVersion(server.client, id, version)
  current = version
  expect(await eventually('one payload', async () => (payloads() === 1 ? 1 : null))).toBe(1)
}

async function killAgent(): Promise<void> {
  const { pid } = JSON.parse(readFileSync(join(state, 'running.json'), 'utf8')) as { pid: number }
  killAll([pid])
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Best effort: it had just ended by itself, to make room for what comes next.
    }
  }
}

const STEPS = ['accepted', 'downloading', 'staged', 'switching', 'on-probation'] as const
type Step = (typeof STEPS)[number]

/**
 * Resolves as soon as the agent has written down that it takes this step (or is past it already).
 */
async function reaches(step: Step): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = () => {
    const now = stepNow()
    if (now !== null && STEPS.indexOf(now) >= STEPS.indexOf(step)) resolve()
  }
  const watcher = watch(state, look)
  look()
  await promise
  watcher.close()
}

function stepNow(): Step | null {
  const slots = readJson('slots.json') as { probation: unknown } | null
  if (slots !== null && slots.probation !== null) return 'on-probation'
  const journal = readJson('update.json') as {
    attempt: { phase: Step; ended: unknown } | null
  } | null
  const attempt = journal?.attempt ?? null
  return attempt === null || attempt.ended !== null ? null : attempt.phase
}

function readJson(name: string): unknown {
  const path = join(state, name)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null
}

/** How many payload processes run on this machine. */
function payloads(): number {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false
    try {
      return readlinkSync(`/proc/${entry}/cwd`).startsWith(join(state, 'versions'))
    } catch {
      // Best effort: it ended while we looked.
      return false
    }
  }).length
}

async function readToEnd(reader: ReadableStreamDefaultReader | undefined): Promise<void> {
  for (;;) {
    const read = await reader?.read()
    if (read === undefined || read.done) return
  }
}

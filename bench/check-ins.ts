/**
 * Check-ins a second and CPU per check-in, against bare node:http that reads, parses and answers
 * the same bytes. The load generator is a process of its own on the same machine, for both alike.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOf } from '../src/base/digest.ts'
import { freePort, start } from '../test/acceptance/processes.ts'
import { REPOSITORY, type ServerProcess } from '../test/acceptance/server-process.ts'
import type { LoadOptions, LoadResult } from './load.ts'
import { cpuSeconds, family } from './machine.ts'
import { type Row, ratio } from './table.ts'

const ENDPOINTS = 2000
const CONNECTIONS = 128
const WARM_UP = 20_000
const COUNT = 100_000
const NODE = join(REPOSITORY, 'node_modules/.bin/node')

export async function benchCheckIns(
  server: ServerProcess,
  enrolment: { readonly distributionId: string; readonly token: string },
): Promise<readonly Row[]> {
  const port = Number(new URL(server.url).port)
  const { requests, answer } = await prepare(server, enrolment)
  const ours = await measure({ port, pid: server.pid, requests })
  const bare = await measureBare(requests, answer)
  const perSecond = (result: Measured) => result.load.count / result.load.seconds
  const microseconds = (seconds: number, result: Measured) => (seconds / result.load.count) * 1e6
  const own = microseconds(ours.ownCpu, ours)
  const all = microseconds(ours.allCpu, ours)
  const least = microseconds(bare.ownCpu, bare)
  return [
    {
      what: `check-ins a second, ${ENDPOINTS} endpoints, load included`,
      ours: `${Math.round(perSecond(ours))}`,
      other: `bare node:http: ${Math.round(perSecond(bare))}`,
      ratio: ratio(perSecond(ours), perSecond(bare)),
    },
    {
      what: 'CPU per check-in, server process',
      ours: `${own.toFixed(1)} us`,
      other: `bare node:http: ${least.toFixed(1)} us`,
      ratio: ratio(own, least),
    },
    {
      what: 'CPU per check-in, PostgreSQL included',
      ours: `${all.toFixed(1)} us`,
      other: `bare node:http: ${least.toFixed(1)} us`,
      ratio: ratio(all, least),
    },
    {
      what: 'time of a check-in under that load, p50 / p99',
      ours: `${ours.load.p50Ms.toFixed(1)} / ${ours.load.p99Ms.toFixed(1)} ms`,
      other: `${bare.load.p50Ms.toFixed(1)} / ${bare.load.p99Ms.toFixed(1)} ms`,
      ratio: ratio(ours.load.p99Ms, bare.load.p99Ms),
    },
  ]
}

type Measured = { readonly load: LoadResult; readonly ownCpu: number; readonly allCpu: number }

/** CPU and time of a hundred thousand requests, after a run that is not counted. */
export async function measure(target: {
  readonly port: number
  readonly pid: number
  readonly requests: readonly string[]
}): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-load-'))
  try {
    const file = join(folder, 'load.json')
    const { port, requests, pid } = target
    const run = (warmUp: number, count: number): LoadResult => {
      const options: LoadOptions = { port, requests, connections: CONNECTIONS, warmUp, count }
      writeFileSync(file, JSON.stringify(options))
      const out = execFileSync(NODE, [join(REPOSITORY, 'bench/load.ts'), file])
      return JSON.parse(out.toString()) as LoadResult
    }
    // Warmed up in a run of its own, so that the CPU of the measured one is all its own.
    run(0, WARM_UP)
    const before = new Map(family(pid).map((member) => [member, cpuSeconds(member)]))
    const load = run(0, COUNT)
    const spent = (member: number) => cpuSeconds(member) - (before.get(member) ?? 0)
    // PostgreSQL may have ended one of its workers meanwhile; what that used is not counted.
    const used = family(pid).map(spent)
    if (load.failures > 0) throw new Error(`${load.failures} requests were not answered with 200`)
    return { load, ownCpu: used[0] ?? 0, allCpu: used.reduce((sum, each) => sum + each, 0) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The same of node:http alone, which reads and parses them and answers with these bytes. */
export async function measureBare(requests: readonly string[], answer: string): Promise<Measured> {
  const port = await freePort()
  await using bare = start([NODE, join(REPOSITORY, 'bench/bare-server.ts'), String(port), answer])
  await bare.said('listening')
  return await measure({ port, pid: bare.pid, requests })
}

/**
 * Enrols endpoints, lets each check in once, and makes the requests that they would repeat for
 * ever.
 */
async function prepare(
  server: ServerProcess,
  enrolment: { readonly distributionId: string; readonly token: string },
): Promise<{ readonly requests: readonly string[]; readonly answer: string }> {
  const requests: string[] = []
  let answer = ''
  const indexes = Array.from({ length: ENDPOINTS }, (_, index) => index)
  for (let from = 0; from < ENDPOINTS; from += CONNECTIONS) {
    const batch = indexes.slice(from, from + CONNECTIONS)
    const made = await Promise.all(batch.map((index) => enrolOne(server, enrolment, index)))
    for (const each of made) {
      requests.push(each.request)
      answer = each.answer
    }
  }
  return { requests, answer }
}

async function enrolOne(
  server: ServerProcess,
  enrolment: { readonly distributionId: string; readonly token: string },
  index: number,
): Promise<{ readonly request: string; readonly answer: string }> {
  const facts = factsOf(index)
  const run_id = digestOf(`run ${index}`).slice(0, 32)
  const order = {
    protocol: 1,
    distribution_id: enrolment.distributionId,
    token: enrolment.token,
    run_id,
    facts,
    is_copy: false,
  }
  const enrolled = (await post(server, '/agent/v1/enrol', order, {})) as {
    readonly endpoint_id: string
    readonly credential: string
  }
  const report = JSON.stringify({
    protocol: 1,
    run_id,
    agent_version: '1.0.0.1',
    manifest_digest: digestOf('bench'),
    launcher_protocol: 1,
    facts_digest: digestOf(JSON.stringify(facts)),
    facts: null,
    health: { status: 'healthy', details: [] },
    attempt: null,
    skipped: [],
  })
  const authorization = `Bearer ${enrolled.endpoint_id}.${enrolled.credential}`
  const reply = await post(server, '/agent/v1/check-in', JSON.parse(report), { authorization })
  const request =
    `POST /agent/v1/check-in HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
    `authorization: ${authorization}\r\n` +
    `content-length: ${Buffer.byteLength(report)}\r\n\r\n${report}`
  return { request, answer: JSON.stringify(reply) }
}

async function post(
  server: ServerProcess,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return await response.json()
}

function factsOf(index: number) {
  const octets = `${(index >> 8) & 255}.${index & 255}`
  return {
    hostname: `bench-${index}`,
    platform: 'linux',
    arch: 'x64',
    libc: 'glibc',
    os_name: 'Debian GNU/Linux',
    os_version: '12',
    kernel: '6.1.0-28-amd64',
    kind: 'server',
    ipv4: [`10.1.${octets}`],
    ipv6: [],
    mac_addresses: [`52:54:00:01:${index.toString(16).padStart(4, '0').replace(/(..)/, '$1:')}`],
    users: [],
    domain: '',
    machine_id: digestOf(`machine ${index}`).slice(0, 32),
    time_zone: 'UTC',
    endpoint_tags: [],
    installed_at: 1_790_000_000_000,
  }
}

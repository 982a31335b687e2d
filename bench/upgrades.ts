/**
 * Seconds without a running agent in a good upgrade, and seconds until the old version is back from
 * a bad one, read from the launcher's own log of a real agent below a folder. The times are the
 * launcher's, between its own lines: from "stopping the agent" to the hello of the next one.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtInRelease, download, order, publish } from '../test/acceptance/catalogue.ts'
import {
  endOf,
  enrolledId,
  installDeb,
  runsVersion,
  startAgent,
  upgrade,
} from '../test/acceptance/machine.ts'
import type { Running } from '../test/acceptance/processes.ts'
import type { ServerProcess } from '../test/acceptance/server-process.ts'
import { family, memoryMiB } from './machine.ts'
import type { Row } from './table.ts'

const GOOD = ['2.0.0.1', '2.0.0.2', '2.0.0.3', '2.0.0.4', '2.0.0.5', '2.0.0.6'] as const
const BAD = {
  '2.0.0.7': ['does not start', 'throw new Error("broken")'],
  '2.0.0.8': [
    'exits after a second',
    'await new Promise((r) => setTimeout(r, 1000)); process.exit(3)',
  ],
  '2.0.0.9': ['runs and says nothing', 'setInterval(() => {}, 1e6); await new Promise(() => {})'],
} as const

export async function benchUpgrades(server: ServerProcess): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'drydock-bench-'))
  const { client } = server
  const base = await builtInRelease(client)
  for (const version of GOOD) await publish(client, base, { version })
  for (const [version, [, agent]] of Object.entries(BAD)) {
    await publish(client, base, { version, agent })
  }
  const distribution = await order(client, 'upgrade bench', GOOD[0])
  const deb = await download(client, distribution, { type: 'deb', folder })
  const root = join(folder, 'machine')
  await installDeb(root, deb)
  const agent = startAgent(root)
  try {
    const id = await enrolledId(root)
    await runsVersion(client, id, GOOD[0])
    const memory = memoryMiB(family(agent.pid))
    const gaps: number[] = []
    for (const version of GOOD.slice(1)) {
      gaps.push(await timeGood(server, { agent, id, version }))
    }
    const rows = [memoryRow(memory), gapRow(gaps)]
    for (const [version, [what]] of Object.entries(BAD)) {
      const seconds = await timeBad(server, { agent, id, version })
      rows.push({
        what: `back on the old version from one that ${what}`,
        ours: `${seconds.toFixed(1)} s`,
        other: 'aim: 10 s',
        ratio: `${(seconds / 10).toPrecision(2)} x`,
      })
    }
    return rows
  } finally {
    await agent.end('SIGTERM')
    await rm(folder, { recursive: true, force: true })
  }
}

type Journey = { readonly agent: Running; readonly id: string; readonly version: string }
type Line = { readonly at: number; readonly message: string; readonly version: string | undefined }

async function timeGood(server: ServerProcess, journey: Journey): Promise<number> {
  const lines = await perform(server, journey, 'succeeded')
  const stopped = lines.find((line) => line.message === 'stopping the agent')
  const up = lines.findLast((line) => line.message === 'agent is up')
  return seconds(stopped, up)
}

/** From the switch to the bad version until the old one is up again. */
async function timeBad(server: ServerProcess, journey: Journey): Promise<number> {
  const lines = await perform(server, journey, 'rolled-back')
  const switched = lines.find((line) => line.message === 'switching')
  const up = lines.findLast((line) => line.message === 'agent is up')
  return seconds(switched, up)
}

/** Performs one upgrade, and returns what the launcher logged of it. */
async function perform(server: ServerProcess, journey: Journey, end: string): Promise<Line[]> {
  const from = journey.agent.output().length
  const actionId = await upgrade(server.client, journey.id, journey.version)
  const outcome = await endOf(server.client, actionId, journey.id)
  if (outcome.state !== end) throw new Error(`expected ${end}: ${JSON.stringify(outcome)}`)
  return journey.agent.output().slice(from).split('\n').flatMap(lineOf)
}

function lineOf(text: string): Line[] {
  if (!text.startsWith('{')) return []
  const { time, message, version } = JSON.parse(text) as Record<string, string | undefined>
  return [{ at: Date.parse(time ?? ''), message: message ?? '', version }]
}

function seconds(from: Line | undefined, to: Line | undefined): number {
  if (from === undefined || to === undefined) throw new Error('the launcher did not log it')
  return (to.at - from.at) / 1000
}

function gapRow(gaps: readonly number[]): Row {
  const worst = Math.max(...gaps)
  return {
    what: `without a running agent in a good upgrade, worst of ${gaps.length}`,
    ours: `${worst.toFixed(2)} s`,
    other: 'aim: 1 s',
    ratio: `${worst.toPrecision(2)} x`,
  }
}

function memoryRow(memory: { readonly rss: number; readonly pss: number }): Row {
  return {
    what: 'memory of launcher and agent, shared pages counted once (counted twice)',
    ours: `${memory.pss.toFixed(0)} MiB (${memory.rss.toFixed(0)} MiB)`,
    other: 'limit: 60 MiB',
    ratio: `${(memory.pss / 60).toPrecision(2)} x`,
  }
}

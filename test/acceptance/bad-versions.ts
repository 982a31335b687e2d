/**
 * Ways in which a version can be bad, each a real release: signed, published and ordered like any
 * other. Whatever a version is made of, the first thing it does when it is started is to add a line
 * to a file of its machine: so the machines know who ever ran what, whatever the server thinks.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from '../../src/client/client.ts'
import { type builtInRelease, publish, type Variant } from './catalogue.ts'

/** In the root of each machine. */
export const STARTS_FILE = 'starts.log'
/** Machines that have this file in their root are those on which `TROUBLED` is bad. */
export const TROUBLE_FILE = 'trouble'

const IDLE = '#!/bin/sh\nexec sleep 1000000\n'
const HEALTHY = '#!/bin/sh\nexit 0\n'

/** From a version directory up to the root of its machine. */
const ROOT = [...Array(5).keys()].map(() => '..').join('/')
const HELLO = `sayAtOnce('{"kind":"hello","protocol":1,"version":"1.0.0.0"}\\n')`
/** Deaf, to SIGTERM too, as a process that waits for a lock which nobody gives back. */
const HANG = `process.on('SIGTERM', () => {})
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`
const WAIT = 'setInterval(() => {}, 1e6); await new Promise(() => {})'

const payloadOf = (run: string, health: string) => ({
  payload: { 'bin/run': run, 'bin/health': health },
  run: ['bin/run'],
  health: ['bin/health'],
})

/** What a version does instead of what the agent does (`alone`), or before it. */
type Body = { readonly text: string; readonly alone?: true }

export type BadVersion = Body & {
  /** What it does, as the end of "a version that". */
  readonly what: string
  /** How its upgrades end where it was tried, and why, as the agent says it. */
  readonly ends: 'rolled-back' | 'failed' | 'succeeded'
  readonly reason: string
  readonly parts?: Pick<Variant, 'payload' | 'run' | 'health'>
  /** The server's own copy is spoilt after it was signed: what it sends is not what it promised. */
  readonly isDamaged?: true
  /** `npm test` tries these; `npm run blast-radius` tries all. */
  readonly isInSuite?: true
}

export const BAD_VERSIONS: readonly BadVersion[] = [
  {
    what: 'exits at once',
    text: 'process.exit(7)',
    alone: true,
    ends: 'rolled-back',
    reason: 'does-not-start',
    isInSuite: true,
  },
  {
    what: 'exits after a second',
    text: `${HELLO}; await new Promise((r) => setTimeout(r, 1000)); process.exit(3)`,
    alone: true,
    ends: 'rolled-back',
    reason: 'exited',
  },
  {
    what: 'runs and never says hello',
    text: WAIT,
    alone: true,
    ends: 'rolled-back',
    reason: 'silent',
  },
  {
    what: 'says hello and hangs',
    text: `${HELLO}; ${HANG}`,
    alone: true,
    ends: 'rolled-back',
    reason: 'never-checked-in',
    isInSuite: true,
  },
  {
    what: 'does not reach the server',
    text: `globalThis.fetch = () => Promise.reject(new Error('no network for this version'))`,
    ends: 'rolled-back',
    reason: 'never-checked-in',
  },
  {
    what: 'checks in, then spins',
    text: `const realFetch = globalThis.fetch
globalThis.fetch = async (...asked) => {
  const answer = await realFetch(...asked)
  setTimeout(() => { for (;;); }, 500)
  return answer
}`,
    parts: payloadOf(IDLE, HEALTHY),
    ends: 'rolled-back',
    reason: 'never-checked-in',
  },
  {
    what: 'checks in unhealthy',
    text: '',
    parts: payloadOf(IDLE, '#!/bin/sh\necho "the disk is on fire" >&2\nexit 1\n'),
    ends: 'rolled-back',
    reason: 'payload-unhealthy',
  },
  {
    what: 'has a payload that dies',
    text: '',
    parts: payloadOf('#!/bin/sh\nsleep 1\nexit 3\n', HEALTHY),
    ends: 'rolled-back',
    reason: 'payload-exited',
    isInSuite: true,
  },
  {
    what: 'is damaged on its way',
    text: '',
    isDamaged: true,
    ends: 'failed',
    reason: 'digest-mismatch',
    isInSuite: true,
  },
  {
    // Its launcher has written down by then that it stays.
    what: 'turns unhealthy after its probation',
    text: '',
    parts: payloadOf(IDLE, `#!/bin/sh\n! grep -q '"probation": null' ../../../slots.json\n`),
    ends: 'succeeded',
    reason: 'upgraded',
    isInSuite: true,
  },
]

/** Good, but where there is trouble. */
export const TROUBLED: BadVersion = {
  what: 'does not start where there is trouble',
  text: `if (isThere(import.meta.dirname + '/${ROOT}/${TROUBLE_FILE}')) process.exit(7)`,
  ends: 'rolled-back',
  reason: 'does-not-start',
}

export type Workshop = {
  readonly client: Client
  readonly base: Awaited<ReturnType<typeof builtInRelease>>
  /** The agent of that release, as text. */
  readonly agent: string
  /** Of the server. */
  readonly dataDir: string
}

/** Publishes a version that is the agent as it should be, and tells of its starts. */
export async function publishGood(workshop: Workshop, version: string): Promise<void> {
  const { client, base, agent } = workshop
  const text = agentText(version, { text: '' }, agent)
  await publish(client, base, { version, agent: text, ...payloadOf(IDLE, HEALTHY) })
}

export async function publishBad(
  workshop: Workshop,
  version: string,
  bad: BadVersion,
): Promise<void> {
  const { client, base, agent, dataDir } = workshop
  const before = new Set(await artifactsOf(dataDir))
  const text = agentText(version, bad, agent)
  await publish(client, base, { version, agent: text, ...bad.parts })
  if (bad.isDamaged !== true) return
  const added = (await artifactsOf(dataDir)).filter((path) => !before.has(path))
  if (added.length === 0) throw new Error('the version brought no artifact of its own')
  for (const path of added) await damage(path)
}

function agentText(version: string, { text, alone }: Body, agent: string): string {
  // Its first line tells the runtime that the agent is compiled already.
  return `// @bun
import { appendFileSync as addLine, existsSync as isThere, writeSync as writeAtOnce } from 'node:fs'
addLine(import.meta.dirname + '/${ROOT}/${STARTS_FILE}', Date.now() + ' ${version}\\n')
const sayAtOnce = (line) => writeAtOnce(1, line)
${text}
${alone ? 'export async function runAgent() {}' : agent}`
}

async function artifactsOf(dataDir: string): Promise<string[]> {
  const folder = join(dataDir, 'artifacts')
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
}

async function damage(path: string): Promise<void> {
  const bytes = await readFile(path)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  await writeFile(path, bytes)
}

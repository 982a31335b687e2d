/**
 * Many machines below one folder, each with the real launcher and the real agent, installed from
 * one deb. What a machine went through is told by itself: the lines of its launcher's log, and the
 * file to which each version adds a line when it is started.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { STARTS_FILE } from './bad-versions.ts'
import { enrolledId, installDeb, startAgent } from './machine.ts'
import { type Running, run } from './processes.ts'

export type FleetMachine = {
  readonly root: string
  /** Its endpoint's. */
  readonly id: string
  readonly agent: Running
}

/**
 * Installs the deb once, gives every machine the same files, and waits until all have enrolled.
 * `ending` ends them, whatever happens in between.
 */
export async function startFleet(
  order: { readonly folder: string; readonly deb: string; readonly count: number },
  ending: AsyncDisposableStack,
): Promise<readonly FleetMachine[]> {
  const { folder, deb, count } = order
  const installed = join(folder, 'installed')
  await installDeb(installed, deb)
  const roots = Array.from({ length: count }, (_, index) => join(folder, `machine-${index}`))
  for (const root of roots) {
    await mkdir(join(root, 'var/lib/drydock-agent'), { recursive: true, mode: 0o700 })
    // Linked, so that thirty launchers are in memory and on the disk once.
    await run(['cp', '--archive', '--link', join(installed, 'opt'), root])
  }
  const started = roots.map((root) => ({ root, agent: startAgent(root) }))
  ending.defer(async () => {
    await Promise.all(started.map(({ agent }) => agent.end('SIGTERM')))
  })
  return await Promise.all(
    started.map(async (machine) => ({ ...machine, id: await enrolledId(machine.root) })),
  )
}

/** Which versions were started there, the oldest first, as they themselves wrote it down. */
async function startsOf(machine: FleetMachine): Promise<readonly string[]> {
  const file = join(machine.root, STARTS_FILE)
  if (!existsSync(file)) return []
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  return lines.map((line) => line.split(' ')[1] ?? '')
}

/** The version that was started there last. */
export async function lastStart(machine: FleetMachine): Promise<string | null> {
  return (await startsOf(machine)).at(-1) ?? null
}

/** Those on which this version was ever started. */
export async function machinesThatRan(
  machines: readonly FleetMachine[],
  version: string,
): Promise<readonly FleetMachine[]> {
  const starts = await Promise.all(machines.map((machine) => startsOf(machine)))
  return machines.filter((_, index) => starts[index]?.includes(version))
}

type Line = { readonly at: number; readonly message: string; readonly version: string | undefined }

/** What launcher and agent logged, in order; both say what they do with which version. */
function linesOf(machine: FleetMachine): readonly Line[] {
  return machine.agent.output().split('\n').flatMap(lineOf)
}

function lineOf(text: string): Line[] {
  // The last line may have arrived in part.
  if (!text.startsWith('{') || !text.endsWith('}')) return []
  const { time, message, version } = JSON.parse(text) as Record<string, string | undefined>
  return [{ at: Date.parse(time ?? ''), message: message ?? '', version }]
}

/** When its launcher gave its verdict on this version; null: it never did. */
export function verdictAt(machine: FleetMachine, version: string): number | null {
  const isVerdict = (line: Line) =>
    line.version === version && line.message.startsWith('going back')
  return linesOf(machine).findLast(isVerdict)?.at ?? null
}

/** When this version was up for the first time at or after an instant; null: not yet. */
export function upAfter(machine: FleetMachine, version: string, instant: number): number | null {
  const isUp = (line: Line) =>
    line.version === version && line.message === 'agent is up' && line.at >= instant
  return linesOf(machine).find(isUp)?.at ?? null
}

/**
 * PostgreSQL processes that outlived the server that started them: a postmaster whose guard was
 * killed too, or its backends. Each of ours carries the cluster's name in its command line, so a
 * process that merely got a process id from an old pid file is never mistaken for one, and a
 * zombie, which has no command line, counts as dead. Only ever called while holding the folder
 * lock: whatever is found belongs to nobody who is alive.
 */
import { execFile } from 'node:child_process'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import type { Clock } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'

type Survivor = { readonly pid: number; readonly isPostmaster: boolean }

const POLL_MS = 25
/**
 * Each signal and how long it may take: a fast shutdown writes a checkpoint, an immediate one needs
 * nothing.
 */
const SIGNALS = [
  { signal: 'SIGINT', waitMs: 8_000 },
  { signal: 'SIGQUIT', waitMs: 3_000 },
  { signal: 'SIGKILL', waitMs: 3_000 },
] as const

export async function stopSurvivors(
  cluster: { readonly name: string; readonly ownerUid: number },
  needs: { readonly log: Log; readonly clock: Clock },
): Promise<void> {
  for (const { signal, waitMs } of SIGNALS) {
    const found = await findSurvivors(cluster.name, cluster.ownerUid)
    if (found.length === 0) return
    needs.log.warn({ found, signal }, 'stopping a PostgreSQL that outlived its server')
    const postmasters = found.filter((survivor) => survivor.isPostmaster)
    // A postmaster stops its own backends in good order; backends without one are ended directly.
    for (const { pid } of postmasters.length > 0 ? postmasters : found) sendSignal(pid, signal)
    await waitUntilGone(cluster, waitMs, needs.clock)
  }
  const left = await findSurvivors(cluster.name, cluster.ownerUid)
  if (left.length === 0) return
  const pids = left.map((survivor) => survivor.pid).join(', ')
  const doing = `stopping PostgreSQL processes ${pids} of an earlier run`
  throw new Fault({ code: 'embedded-postgres-survives', doing, retry: 'later' })
}

async function waitUntilGone(
  cluster: { readonly name: string; readonly ownerUid: number },
  waitMs: number,
  clock: Clock,
): Promise<void> {
  const deadline = clock.monotonic() + waitMs
  while (clock.monotonic() < deadline) {
    if ((await findSurvivors(cluster.name, cluster.ownerUid)).length === 0) return
    await clock.sleep(POLL_MS).done
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (cause) {
    const isGone = cause instanceof Error && 'code' in cause && cause.code === 'ESRCH'
    if (isGone) return
    const doing = `stopping PostgreSQL process ${pid} of an earlier run`
    throw new Fault({ code: 'embedded-postgres-survives', doing, retry: 'later', cause })
  }
}

export async function findSurvivors(name: string, ownerUid: number): Promise<Survivor[]> {
  const survivors: Survivor[] = []
  const commands = process.platform === 'linux' ? linuxCommands() : psCommands()
  for await (const { pid, words, uid } of commands) {
    const program = words[0] ?? ''
    const isPostmaster = basename(program) === 'postgres' && words.includes(`cluster_name=${name}`)
    const isBackend = program.startsWith(`postgres: ${name}: `)
    if ((isPostmaster || isBackend) && (uid === null || uid === ownerUid)) {
      survivors.push({ pid, isPostmaster })
    }
  }
  return survivors
}

type Command = {
  readonly pid: number
  readonly words: readonly string[]
  readonly uid: number | null
}

async function* linuxCommands(): AsyncGenerator<Command> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const words = (await readFile(`/proc/${entry}/cmdline`, 'utf8')).split('\0')
      if (!words[0]?.includes('postgres')) continue
      yield { pid: Number(entry), words, uid: (await stat(`/proc/${entry}`)).uid }
    } catch {
      // Best effort: a process that ended while we looked is no survivor.
    }
  }
}

async function* psCommands(): AsyncGenerator<Command> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,uid=,command='])
  for (const line of stdout.split('\n')) {
    const [, pid, uid, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    if (command === undefined) continue
    const words = command.startsWith('postgres: ') ? [command] : command.split(' ')
    yield { pid: Number(pid), words, uid: Number(uid) }
  }
}

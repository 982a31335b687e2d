/**
 * One life of a postmaster. Between us and it stands a guard, a few lines of `sh` that hold a pipe
 * of ours: when this process ends in whatever way, kill -9 included, the pipe closes and the guard
 * stops the postmaster with SIGINT, a fast shutdown. Signals go through the same pipe, so it does
 * not matter as which user it runs.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Clock } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import type { Log } from '../../base/log.ts'
import { folderFault, isMissing } from '../folder.ts'
import type { Cluster } from './cluster.ts'
import type { RunAs } from './run-as.ts'
import { SETTINGS, settingArguments } from './settings.ts'

/** `sh` gives background commands /dev/null as input, hence descriptor 3. */
const GUARD = `exec 3<&0
"$@" </dev/null 3<&- &
postmaster=$!
{ while read -r signal; do kill -s "$signal" "$postmaster"; done
  kill -s INT "$postmaster"; } <&3 2>/dev/null &
reader=$!
exec 3<&- </dev/null
wait "$postmaster"
code=$?
kill "$reader" 2>/dev/null
exit "$code"`

const READY_POLL_MS = 10
/**
 * Recovery after a crash replays at most max_wal_size; this is far beyond it even on a slow disk.
 */
const READY_MS_MAX = 300_000
const FAST_STOP_MS = 8_000
const IMMEDIATE_STOP_MS = 2_000
const LINES_KEPT = 20

export type Postmaster = {
  /** Fulfilled when it has ended, whatever the reason. */
  readonly ended: Promise<void>
  /** The last lines it wrote: the reason of a failure is in there. */
  lastLines(): readonly string[]
  /** Ends it in good order, or else at once. Safe to repeat. */
  stop(): Promise<void>
}

export type PostmasterNeeds = {
  readonly program: string
  readonly environment: Readonly<Record<string, string>>
  readonly runAs: RunAs
  readonly cluster: Cluster
  readonly socketFolder: string
  /** Over and above SETTINGS. */
  readonly settings: Readonly<Record<string, string>>
  readonly log: Log
  readonly clock: Clock
}

/** Starts it and waits until it takes connections. Nothing else may run on the cluster. */
export async function startPostmaster(needs: PostmasterNeeds): Promise<Postmaster> {
  const pidFile = join(needs.cluster.pgdata, 'postmaster.pid')
  // The caller has made sure that nobody lives here: a pid file is stale, even when its number is
  // in use again.
  await rm(pidFile, { force: true })
  const postmaster = spawnGuarded(needs)
  const deadline = needs.clock.monotonic() + READY_MS_MAX
  let hasEnded = false
  void postmaster.ended.then(() => {
    hasEnded = true
  })
  while (!(await isReady(pidFile))) {
    if (hasEnded || needs.clock.monotonic() > deadline) {
      await postmaster.stop()
      const cause = new Error(postmaster.lastLines().join('\n') || 'it said nothing')
      const doing = `starting PostgreSQL in ${needs.cluster.pgdata}`
      throw folderFault({ code: 'embedded-postgres-does-not-start', doing, cause })
    }
    await needs.clock.sleep(READY_POLL_MS).done
  }
  return postmaster
}

/**
 * The eighth line of postmaster.pid says it (src/include/utils/pidfile.h:
 * LOCK_FILE_LINE_PM_STATUS).
 */
async function isReady(pidFile: string): Promise<boolean> {
  try {
    return (await readFile(pidFile, 'utf8')).split('\n')[7]?.trim() === 'ready'
  } catch (cause) {
    if (isMissing(cause)) return false
    throw cause
  }
}

function spawnGuarded(needs: PostmasterNeeds): Postmaster {
  const { cluster, runAs, clock } = needs
  const settings = {
    ...SETTINGS,
    ...needs.settings,
    unix_socket_directories: needs.socketFolder,
    cluster_name: cluster.name,
  }
  const postgres = [needs.program, '-D', cluster.pgdata, ...settingArguments(settings)]
  const [command = 'sh', ...rest] = [...runAs.prefix, 'sh', '-c', GUARD, 'sh', ...postgres]
  const guard = spawn(command, rest, {
    ...runAs.ids,
    cwd: '/',
    env: needs.environment,
    // A session of its own: an interrupt from the terminal is for the server, which stops the
    // database last.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const lines: string[] = []
  createInterface({ input: guard.stderr }).on('line', (line) => {
    lines.push(line)
    if (lines.length > LINES_KEPT) lines.shift()
    passOn(line, needs.log)
  })
  guard.once('error', (error) => lines.push(error.message))
  // The pipe breaks when the guard ends first; `ended` says so.
  guard.stdin.on('error', () => {})
  const ended = Promise.race([once(guard, 'close'), once(guard, 'error')]).then(
    () => {},
    () => {},
  )
  return {
    ended,
    lastLines: () => lines,
    async stop() {
      for (const [signal, ms] of [
        ['INT', FAST_STOP_MS],
        ['QUIT', IMMEDIATE_STOP_MS],
      ] as const) {
        guard.stdin.write(`${signal}\n`)
        if (await endsWithin(ended, ms, clock)) return
        needs.log.warn({ signal, ms }, 'PostgreSQL does not stop in time')
      }
      guard.stdin.write('KILL\n')
      guard.stdin.end()
      if (await endsWithin(ended, IMMEDIATE_STOP_MS, clock)) return
      throw new Fault({
        code: 'embedded-postgres-survives',
        doing: `stopping PostgreSQL in ${cluster.pgdata}`,
        retry: 'later',
      })
    },
  }
}

async function endsWithin(ended: Promise<void>, ms: number, clock: Clock): Promise<boolean> {
  const sleep = clock.sleep(ms)
  const isOver = await Promise.race([ended.then(() => true), sleep.done.then(() => false)])
  sleep.cancel()
  return isOver
}

/**
 * PostgreSQL's words for how grave a line is (its manual, 19.8.2); errors are told to the client
 * that made them.
 */
function passOn(line: string, log: Log): void {
  const [, level = '', text = line] = /^([A-Z]+[0-9]?): {1,2}(.*)$/.exec(line) ?? []
  const facts = { from: 'postgres', severity: level.toLowerCase() }
  if (level === 'PANIC') log.error(facts, text)
  else if (level === 'FATAL' || level === 'WARNING') log.warn(facts, text)
  else log.debug(facts, text)
}

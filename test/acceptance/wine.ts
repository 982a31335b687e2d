/**
 * A Windows of one's own: a wine prefix below a folder, with the one function that wine lacks and
 * the agent's runtime needs, its registry, its service control manager and its msiexec. Whatever
 * runs in it ends with it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/clock.ts'
import { needs } from '../needs.ts'
import { eventually, run } from './processes.ts'

const COMPILER = 'x86_64-w64-mingw32-gcc'
const SOURCES = fileURLToPath(new URL('wine', import.meta.url))
/** Where the drive has our own query of a service's state. */
const SERVICE_STATE = 'windows/system32/service-state.exe'
/** A program that hangs is killed: the test then says what it had written. */
const PROGRAM_MS = 120_000

export const hasWine = needs('wine', 'wineserver', COMPILER)

export type Ended = { readonly code: number; readonly output: string }

export type Wine = AsyncDisposable & {
  /** The folder that is `C:\`; real folders have the names that Windows gives them. */
  readonly drive: string
  /** Runs a Windows program to its end. What it leaves running goes on. */
  run(...command: readonly [string, ...string[]]): Promise<Ended>
  /** As `run`; throws with the output unless it ends with 0. */
  must(...command: readonly [string, ...string[]]): Promise<string>
  /** Starts a program that is not waited for; it ends with the prefix. */
  start(...command: readonly [string, ...string[]]): ChildProcess
  /** The Unix process ids of the programs of this prefix whose command line holds `text`. */
  processes(text: string): readonly number[]
  /** `RUNNING 0 0`: the state of a service, and the exit codes it left; `NONE 1060`: no service. */
  serviceState(name: string): Promise<string>
  /**
   * Starts a service and waits until it runs. On a busy machine wine's service manager sometimes
   * gives a start up and kills what it started, or says so of one that runs: it is told again.
   */
  startService(name: string): Promise<void>
  /** Waits until the service is in this state. */
  serviceIs(name: string, state: 'RUNNING' | 'STOPPED'): Promise<void>
  /** Ends everything in it, as switching the machine off does. */
  switchOff(): Promise<void>
}

/** Makes a prefix, as Windows 10 of 64 bits. Takes 15 s. */
export async function makeWine(): Promise<Wine> {
  const folder = await mkdtemp(join(tmpdir(), 'drydock-wine-'))
  const environment = {
    PATH: '/usr/lib/wine:/usr/local/bin:/usr/bin:/bin',
    HOME: folder,
    LANG: 'C.UTF-8',
    WINEPREFIX: join(folder, 'prefix'),
    WINEDEBUG: '-all',
    // Neither .NET, nor a browser, nor entries in menus: each would ask to be downloaded or shown.
    WINEDLLOVERRIDES: 'mscoree=;mshtml=;winemenubuilder.exe=',
  }
  const wine = wineIn(folder, environment)
  try {
    await wine.must('wineboot', '--init')
    await mkdir(wine.drive, { recursive: true })
    const shim = join(wine.drive, 'windows/system32/bcryptprimitives.dll')
    const bare = ['-nostdlib', '-Wl,-e,DllMain', '-shared', '-ladvapi32']
    await compileForWindows('bcryptprimitives.c', shim, bare)
    await compileForWindows('service-state.c', join(wine.drive, SERVICE_STATE))
    const version = ['/v', 'Version', '/d', 'win10', '/f'] as const
    await wine.must('reg', 'add', 'HKCU\\Software\\Wine', ...version)
    return wine
  } catch (error) {
    await wine[Symbol.asyncDispose]()
    throw error
  }
}

/** A program of ours, from `test/acceptance/wine/`. */
export async function compileForWindows(
  source: string,
  out: string,
  more: readonly string[] = [],
): Promise<void> {
  await run([COMPILER, '-O2', '-s', '-o', out, join(SOURCES, source), ...more])
}

function wineIn(folder: string, environment: Readonly<Record<string, string>>): Wine {
  const prefix = join(folder, 'prefix')
  let count = 0
  const start = (...[program, ...args]: readonly [string, ...string[]]) =>
    spawn('wine', [program, ...args], { env: environment, cwd: folder, stdio: 'ignore' })
  const runProgram = (...command: readonly [string, ...string[]]) => {
    count += 1
    return runLogged(command, { environment, folder, log: join(folder, `output-${count}`) })
  }
  const must = async (...command: readonly [string, ...string[]]) => {
    const { code, output } = await runProgram(...command)
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output}`)
    return output
  }
  const serviceState = async (name: string) => {
    const { output } = await runProgram('C:\\windows\\system32\\service-state.exe', name)
    return output.trim()
  }
  const switchOff = async () => {
    const killer = spawn('wineserver', ['--kill'], { env: environment, stdio: 'ignore' })
    await once(killer, 'exit')
    await eventually('the end of wine', async () => (processesOf(prefix, '').length > 0 ? null : 1))
  }
  return {
    drive: join(prefix, 'drive_c'),
    run: runProgram,
    must,
    start,
    processes: (text) => processesOf(prefix, text),
    serviceState,
    async startService(name) {
      await eventually(`the start of ${name}`, async () => {
        if ((await serviceState(name)).startsWith('RUNNING')) return true
        await runProgram('sc', 'start', name)
        return null
      })
    },
    async serviceIs(name, state) {
      const isSo = async () => ((await serviceState(name)).startsWith(state) ? true : null)
      await eventually(`service ${name} ${state}`, isSo)
    },
    switchOff,
    async [Symbol.asyncDispose]() {
      await switchOff()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** Into a file and not a pipe: a service that the program started would keep the pipe open. */
async function runLogged(
  [program, ...args]: readonly [string, ...string[]],
  where: { environment: Readonly<Record<string, string>>; folder: string; log: string },
): Promise<Ended> {
  const { environment, folder, log } = where
  const descriptor = openSync(log, 'w')
  const child = spawn('wine', [program, ...args], {
    env: environment,
    cwd: folder,
    stdio: ['ignore', descriptor, descriptor],
  })
  closeSync(descriptor)
  const limit = systemClock.sleep(PROGRAM_MS)
  void limit.done.then(() => child.kill('SIGKILL'))
  const [code, signal] = await once(child, 'exit')
  limit.cancel()
  const output = await readFile(log, 'utf8')
  if (signal !== null) throw new Error(`${program} was ended by ${signal}:\n${output}`)
  return { code: Number(code), output }
}

/** By the environment, which every process of a prefix inherits. */
function processesOf(prefix: string, text: string): number[] {
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return names.map(Number).filter((pid) => {
    try {
      const environ = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
      if (!environ.includes(`WINEPREFIX=${prefix}`)) return false
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').includes(text)
    } catch {
      // Best effort: it ended while we looked, or is another user's.
      return false
    }
  })
}

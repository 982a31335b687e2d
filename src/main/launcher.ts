/**
 * The launcher, put together: `drydock-agent run` for a service manager that collects what programs
 * say, and `drydock-agent service` for those of Windows, which converses with them, and of macOS:
 * there the log is a file of our own.
 */
import { type AwaitLockNeeds, awaitLock } from '../agent/cluster/await-lock.ts'
import { isInPod } from '../agent/cluster/pod.ts'
import { endOnFault } from '../agent/end-on-fault.ts'
import { cleanEnvironment } from '../agent/environment.ts'
import { Launcher } from '../agent/launcher/launcher.ts'
import { type Layout, layoutFor } from '../agent/layout.ts'
import { BoundedLog } from '../agent/machine/bounded-log.ts'
import { takeLock } from '../agent/machine/lock.ts'
import { giveBackOnceSettled } from '../agent/machine/memory.ts'
import { openProcesses } from '../agent/machine/open-processes.ts'
import { type AgentPlatform, OWN_PLATFORM } from '../agent/machine/platform.ts'
import { closeFile, takePrivateFolder } from '../agent/machine/private-folder.ts'
import { connectService } from '../agent/machine/windows/service.ts'
import { trustedKeysOf } from '../agent/manifest.ts'
import { loadSettings } from '../agent/settings.ts'
import { lineLog, stderrLog } from '../agent/stderr-log.ts'
import { utf8 } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { causeChain } from '../base/fault.ts'
import type { Log } from '../base/log.ts'
import { systemRandom } from '../base/random.ts'
import type { Handover } from './agent.ts'
import { podEnvironment } from './pod-environment.ts'

const SERVICE_NAME = 'DrydockAgent'
/** The longest a payload may be given (`stop_timeout_s`), and some more. */
const STOP_MS_MAX = 310_000

/**
 * A service manager may start a service anew as soon as it has said that it stopped; its process,
 * which holds the lock, ends a moment later.
 */
const LOCK_TRIES = 50
const LOCK_PAUSE_MS = 100

/** Who started the launcher, where the log goes, and how it is told to stop. */
type Host = {
  readonly log: Log
  readonly takeAgentLog: ((bytes: Uint8Array) => void) | null
  /** How often the lock is asked for, when an earlier launcher may be about to end. */
  readonly lockTries: number
  hasStarted(launcher: Launcher): void
}

export async function runLauncher(root: string): Promise<number> {
  const layout = layoutFor(root, process.execPath)
  const log = stderrLog('launcher', systemClock)
  const taken = await takePrivateFolder(layout.state)
  if (!taken.ok) {
    log.error({ state: layout.state, ...taken.refusal }, 'the state folder cannot be trusted')
    return 1
  }
  const host = { log, takeAgentLog: null, lockTries: 1, hasStarted: stopOnSignals }
  return launch(layout, host)
}

const SERVICES: Readonly<Record<AgentPlatform, (root: string) => Promise<number>>> = {
  linux: runDaemon,
  macos: runDaemon,
  windows: runWindowsService,
}

/**
 * Says nothing of a state folder that cannot be trusted but its exit code: there is nowhere else to
 * say it.
 */
export function runService(root: string, platform = OWN_PLATFORM): Promise<number> {
  return SERVICES[platform](root)
}

async function runDaemon(root: string): Promise<number> {
  const layout = layoutFor(root, process.execPath)
  const taken = await takePrivateFolder(layout.state)
  return taken.ok ? launch(layout, { ...serviceHost(layout), hasStarted: stopOnSignals }) : 1
}

/** What every service of ours has: a log of its own, and patience with its lock. */
function serviceHost({ log: path }: Layout): Omit<Host, 'hasStarted'> {
  const file = new BoundedLog(path)
  return {
    log: lineLog('launcher', systemClock, (line) => file.write(utf8(line))),
    takeAgentLog: (bytes) => file.write(bytes),
    lockTries: LOCK_TRIES,
  }
}

function stopOnSignals(launcher: Launcher): void {
  process.on('SIGTERM', () => launcher.stop())
  process.on('SIGINT', () => launcher.stop())
}

/** A fault ends the process as a crash, so that the service control manager starts it again. */
async function runWindowsService(root: string): Promise<number> {
  let stop: () => void = () => {}
  let isStopping = false
  const connected = await connectService({
    name: SERVICE_NAME,
    clock: systemClock,
    onStop() {
      isStopping = true
      stop()
    },
  })
  if (!connected.ok) {
    process.stderr.write('drydock-agent: only the service control manager starts a service\n')
    return 1
  }
  const service = connected.value
  const layout = layoutFor(root, process.execPath)
  const taken = await takePrivateFolder(layout.state)
  const code = taken.ok ? await launch(layout, hostOf(layout)) : 1
  service.hasStopped(code)
  return code

  function hostOf(layout: Layout): Host {
    return {
      ...serviceHost(layout),
      hasStarted(launcher) {
        service.isRunning()
        stop = () => {
          service.isStopping(STOP_MS_MAX)
          launcher.stop()
        }
        if (isStopping) stop()
      },
    }
  }
}

/** In a state folder that is ours; the exit code. */
async function launch(layout: Layout, host: Host): Promise<number> {
  const { log } = host
  endOnFault(process, log)
  const settings = loadSettings(layout, log)
  if (!settings.ok) {
    log.error({ path: layout.enrolment, ...settings.refusal }, 'not installed properly')
    return 1
  }
  const trustedKeys = trustedKeysOf(settings.value)
  const followsImage = isInPod(layout)
  if (followsImage) {
    if (!(await awaitOwnTurn({ layout, trustedKeys, log }))) return 0
  } else if (!(await takeLockWithin(layout.lock, host.lockTries))) {
    log.error({ state: layout.state }, 'another launcher is running here')
    return 3
  }
  try {
    await closeFile(layout.enrolment)
    const launcher = new Launcher({
      layout,
      trustedKeys,
      followsImage,
      clock: systemClock,
      random: systemRandom,
      log,
      environment: { ...cleanEnvironment(), ...(followsImage ? podEnvironment() : {}) },
      processes: await openProcesses(),
      takeAgentLog: host.takeAgentLog,
      agentCommand: (versionFolder) => {
        const handover: Handover = { root: layout.root, program: layout.program, versionFolder }
        return [process.execPath, 'agent', JSON.stringify(handover)]
      },
    })
    host.hasStarted(launcher)
    void giveBackOnceSettled(systemClock)
    await launcher.run()
    return 0
  } catch (error) {
    log.error({ chain: causeChain(error) }, 'ended by a fault')
    throw error
  }
}

/** The first process of a container hears no signal that it does not listen to. */
async function awaitOwnTurn(
  needs: Pick<AwaitLockNeeds, 'layout' | 'trustedKeys' | 'log'>,
): Promise<boolean> {
  let isStopping = false
  const stop = () => {
    isStopping = true
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  const clock = systemClock
  return await awaitLock({ ...needs, clock, takeLock, isStopping: () => isStopping })
}

async function takeLockWithin(path: string, tries: number): Promise<boolean> {
  for (let left = tries; ; left -= 1) {
    if (await takeLock(path)) return true
    if (left <= 1) return false
    await systemClock.sleep(LOCK_PAUSE_MS).done
  }
}

/**
 * The entry of `agent.mjs`, imported by the launcher's child out of its version directory. What it
 * runs with comes from where it lies (its folder is the version) and from two arguments: the root
 * and the program folder.
 */
import { Agent } from '../agent/agent.ts'
import { readPod } from '../agent/cluster/pod.ts'
import { endOnFault } from '../agent/end-on-fault.ts'
import { cleanEnvironment } from '../agent/environment.ts'
import { openMachine } from '../agent/facts/open-machine.ts'
import { layoutOf } from '../agent/layout.ts'
import { giveBackOnceSettled } from '../agent/machine/memory.ts'
import { openProcesses } from '../agent/machine/open-processes.ts'
import { trustedKeysOf } from '../agent/manifest.ts'
import { loadSettings } from '../agent/settings.ts'
import { serveStatus } from '../agent/status.ts'
import { stderrLog } from '../agent/stderr-log.ts'
import { readManifest } from '../agent/version-directory.ts'
import { systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import { podEnvironment } from './pod-environment.ts'

/** What the launcher's child hands over; see docs/protocol/launcher.md. */
export type Handover = {
  readonly root: string
  readonly program: string
  readonly versionFolder: string
}

export async function runAgent(handover: Handover): Promise<number> {
  const log = stderrLog('agent', systemClock)
  endOnFault(process, log)
  const layout = layoutOf(handover.root, handover.program)
  const settings = loadSettings(layout, log)
  if (!settings.ok) {
    log.error({ path: layout.enrolment, ...settings.refusal }, 'not installed properly')
    return 1
  }
  const version = readManifest(handover.versionFolder, trustedKeysOf(settings.value))
  if (!version.ok) {
    log.error({ ...version.refusal }, 'this version is not what was signed')
    return 1
  }
  const agent = new Agent({
    layout,
    versionFolder: handover.versionFolder,
    version: version.value,
    installation: settings.value,
    environment: cleanEnvironment(),
    pod: readPod(layout, podEnvironment()),
    machine: await openMachine(),
    processes: await openProcesses(),
    input: process.stdin,
    output: process.stdout,
    fetch,
    serveStatus,
    clock: systemClock,
    random: systemRandom,
    log,
  })
  process.on('SIGTERM', () => agent.stop())
  process.on('SIGINT', () => agent.stop())
  void giveBackOnceSettled(systemClock)
  await agent.run()
  return 0
}

/** `drydock-agent run`: the launcher, put together. */
import { cleanEnvironment } from '../agent/environment.ts'
import { Launcher } from '../agent/launcher/launcher.ts'
import { layoutFor } from '../agent/layout.ts'
import { takeLock } from '../agent/machine/lock.ts'
import { giveBackOnceSettled } from '../agent/machine/memory.ts'
import { openProcesses } from '../agent/machine/open-processes.ts'
import { takePrivateFolder } from '../agent/machine/private-folder.ts'
import { trustedKeysOf } from '../agent/manifest.ts'
import { loadSettings } from '../agent/settings.ts'
import { stderrLog } from '../agent/stderr-log.ts'
import { systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import type { Handover } from './agent.ts'

const log = stderrLog('launcher', systemClock)

export async function runLauncher(root: string): Promise<number> {
  const layout = layoutFor(root, process.execPath)
  const settings = loadSettings(layout, log)
  if (!settings.ok) {
    log.error({ path: layout.enrolment, ...settings.refusal }, 'not installed properly')
    return 1
  }
  const taken = await takePrivateFolder(layout.state)
  if (!taken.ok) {
    log.error({ state: layout.state, ...taken.refusal }, 'the state folder cannot be trusted')
    return 1
  }
  if (!(await takeLock(layout.lock))) {
    log.error({ state: layout.state }, 'another launcher is running here')
    return 3
  }
  const launcher = new Launcher({
    layout,
    trustedKeys: trustedKeysOf(settings.value),
    clock: systemClock,
    random: systemRandom,
    log,
    environment: cleanEnvironment(),
    processes: await openProcesses(),
    takeAgentLog: null,
    agentCommand: (versionFolder) => {
      const handover: Handover = { root: layout.root, program: layout.program, versionFolder }
      return [process.execPath, 'agent', JSON.stringify(handover)]
    },
  })
  process.on('SIGTERM', () => launcher.stop())
  process.on('SIGINT', () => launcher.stop())
  void giveBackOnceSettled(systemClock)
  await launcher.run()
  return 0
}

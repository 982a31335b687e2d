/** The launcher as a process of a simulated machine: as `main/launcher.ts` starts it. */
import { cleanEnvironment } from '../../agent/environment.ts'
import { Launcher } from '../../agent/launcher/launcher.ts'
import type { Processes } from '../../agent/machine/processes.ts'
import { trustedKeysOf } from '../../agent/manifest.ts'
import { loadSettings } from '../../agent/settings.ts'
import { layoutAt } from './install.ts'
import type { Pipe } from './pipe.ts'
import type { Surroundings } from './surroundings.ts'

export type LauncherTask = {
  /** SIGTERM. */
  stop(): void
  /** SIGKILL. */
  end(): void
  /** The two ways of the line to an agent that it has started. */
  holds(toAgent: Pipe, fromAgent: Pipe): void
  /** It met a fault that nobody caught. */
  crash(): void
}

export function startLauncherTask(
  machine: Surroundings,
  how: { processes(launcher: LauncherTask): Processes; onEnd(): void },
): LauncherTask {
  const { mounts, log } = machine.needs
  const clock = machine.newClock()
  const mount = mounts.mount(machine.drive, clock)
  const layout = layoutAt(mount.root)
  let line: readonly [Pipe, Pipe] | null = null
  let isRunning = true
  let launcher: Launcher | null = null
  const task: LauncherTask = {
    stop: () => launcher?.stop(),
    holds: (toAgent, fromAgent) => {
      line = [toAgent, fromAgent]
    },
    end: () => {
      isRunning = false
      clock.stop()
      mount.end()
      line?.[0].end()
      line?.[1].cut()
    },
    crash: () => {
      if (!isRunning) return
      task.end()
      how.onEnd()
    },
  }
  const settings = loadSettings(layout, log)
  if (!settings.ok) {
    // Later, as the end of a process is: nobody knows of this one yet.
    void clock.sleep(0).done.then(task.crash)
    return task
  }
  launcher = new Launcher({
    layout,
    trustedKeys: trustedKeysOf(settings.value),
    followsImage: false,
    clock,
    random: machine.newChance(),
    log,
    environment: cleanEnvironment('linux'),
    processes: how.processes(task),
    takeAgentLog: null,
    agentCommand: (versionFolder) => ['agent', versionFolder.slice(layout.versions.length + 1)],
  })
  launcher.run().then(task.crash, task.crash)
  return task
}

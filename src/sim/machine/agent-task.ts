/** The agent as a process of a simulated machine: what the launcher's child does in `main`. */
import { join } from 'node:path'
import { AGENT_ENTRY } from '../../contract/manifest.ts'
import { programOf } from '../bad-versions.ts'
import { startAgent } from './agent-program.ts'
import { factsOf } from './facts.ts'
import { startFollower } from './follower.ts'
import { layoutAt } from './install.ts'
import type { Kernel, Program, Started } from './kernel.ts'
import type { LauncherTask } from './launcher-task.ts'
import { Pipe } from './pipe.ts'
import type { AgentLife, Surroundings } from './surroundings.ts'

export type AgentTaskStart = {
  readonly life: AgentLife
  readonly kernel: Kernel
  readonly launcher: LauncherTask
  exit(code: number): void
  onEnd(): void
}

export function startAgentTask(machine: Surroundings, start: AgentTaskStart): Started {
  const { life, kernel, launcher, exit } = start
  const { mounts, network, log } = machine.needs
  const clock = machine.newClock()
  const mount = mounts.mount(machine.drive, clock)
  const layout = layoutAt(mount.root)
  const random = machine.newChance()
  const line = network.lineOf(machine.name, random.stream('network'))
  const toAgent = new Pipe(() => exit(1))
  const fromAgent = new Pipe(() => launcher.crash())
  launcher.holds(toAgent, fromAgent)
  const begin = (): Pick<Program, 'askToEnd'> => {
    const versionFolder = join(layout.versions, life.manifestDigest)
    const bytes = mounts.readFileSync(join(versionFolder, AGENT_ENTRY))
    machine.noteExecution(bytes)
    const starts = machine.countStart(life.manifestDigest)
    return startAgent(programOf(bytes)?.kind ?? 'exits-at-once', {
      layout,
      versionFolder,
      machine: factsOf(machine),
      processes: kernel.processesOf(life.pid, {
        head: () => null,
        follow: ([path], _pid, exitFollower) => startFollower(machine, path, exitFollower, mounts),
      }),
      input: toAgent.input,
      output: fromAgent.output,
      fetch: line.fetch,
      clock,
      random,
      log,
      starts,
      isUnlucky: machine.isUnlucky,
      exit,
      onStatus: (status) => {
        life.status = status
      },
    })
  }
  const hasEnded = () => {
    clock.stop()
    mount.end()
    line.end()
    toAgent.cut()
    fromAgent.end()
    start.onEnd()
  }
  return {
    program: { ...begun(begin, exit), hasEnded },
    stdin: toAgent.output,
    stdout: fromAgent.input,
  }
}

function begun(
  begin: () => Pick<Program, 'askToEnd'>,
  exit: (code: number) => void,
): Pick<Program, 'askToEnd'> {
  try {
    return begin()
  } catch {
    // Best effort: a process that cannot begin ends, and its launcher sees that.
    exit(1)
    return { askToEnd() {} }
  }
}

/**
 * One simulated machine: a disk, processes, and a service manager that keeps the launcher running.
 * Launcher and agent are the real ones. Everything can be taken from them at any moment: power cuts
 * (also in the middle of an operation of the disk), kills, a clock that is wrong, the disk's room.
 */
import { removeTree } from '../../agent/machine/files.ts'
import type { Status } from '../../agent/status.ts'
import { toHex } from '../../base/bytes.ts'
import { type Digest, digestOf } from '../../base/digest.ts'
import type { Chance } from '../chance.ts'
import { type Cut, Drive } from '../disk/drive.ts'
import type { FileTree } from '../disk/file-tree.ts'
import { ProcessClock } from '../virtual-clock.ts'
import { startAgentTask } from './agent-task.ts'
import { install, layoutAt, type Package } from './install.ts'
import { Kernel } from './kernel.ts'
import { type LauncherTask, startLauncherTask } from './launcher-task.ts'
import { type Noted, Observation } from './observation.ts'
import type { AgentLife, MachineNeeds, Surroundings } from './surroundings.ts'

/** By itself, what a machine has room for: a few versions, and what an upgrade leaves free. */
const CAPACITY_BYTES = 40 * 1024 * 1024
/** `RestartSec` of the systemd unit. */
const RESTART_MS = 5_000
/** A machine that is shut down waits for its services this long (systemd's default). */
const SHUTDOWN_MS_MAX = 90_000
/** How long a machine is without power after a cut, by itself. */
const BACK_AFTER_MS = 20_000

export type Observed = Noted & {
  readonly name: string
  readonly hasPower: boolean
  /** What runs as the agent right now. */
  readonly running: { readonly manifestDigest: string; readonly pid: number } | null
  /** What the running agent says of itself; null: it is none that could be asked. */
  readonly status: Status | null
  /** It runs, has proved itself, and the server has heard from it. */
  readonly isHealthy: boolean
  /** Every program that was ever started here, by the digest of its bytes. */
  readonly executed: ReadonlySet<Digest>
}

export class Machine implements Surroundings {
  readonly name: string
  readonly timeZone: string
  readonly drive: Drive
  readonly needs: MachineNeeds
  readonly #starts = new Map<string, number>()
  /** Every program that was ever started here, by the digest of its bytes. */
  readonly executed = new Set<Digest>()
  readonly #plainDrive: Drive
  readonly #plainRoot: string
  readonly #observation: Observation
  /** By how much its wall clock is wrong. */
  wrongByMs = 0
  /** Some bad versions fail on these only. */
  isUnlucky = false
  /** It is lost, and never has power again. */
  isLost = false
  /** What it noted may be gone: lost, on a disk that failed, or with the identity of a copy. */
  mayForget = false
  #kernel: Kernel | null = null
  #launcher: LauncherTask | null = null
  #agent: AgentLife | null = null
  #isShuttingDown = false
  #processes = 0
  #boots = 0
  #noted = ''
  #looked = -1

  constructor(name: string, needs: MachineNeeds, timeZone = 'UTC') {
    this.name = name
    this.needs = needs
    this.timeZone = timeZone
    const { chance, mounts } = needs
    this.drive = new Drive(chance.stream('disk'), {
      onCut: (takes) => this.#noteCut(takes),
      onError: () => {
        this.mayForget = true
        needs.onFault('disk-error')
      },
    })
    this.drive.tree.capacity = CAPACITY_BYTES
    this.#plainDrive = new Drive(
      chance.stream('plain'),
      { onCut() {}, onError() {} },
      this.drive.tree,
    )
    this.#plainRoot = mounts.mount(this.#plainDrive, this.newClock()).root
    this.#observation = new Observation(this.#plainDrive, layoutAt(this.#plainRoot))
  }

  get hasPower(): boolean {
    return this.#kernel !== null
  }

  /** Installs a package, or another one over it; the launcher must be started again to see it. */
  install(content: Package): void {
    install(this.#plainRoot, content)
    this.drive.tree.flushAll()
    this.needs.note('installed')
  }

  /** As a state folder is that was restored without it. */
  loseJournal(): void {
    removeTree(layoutAt(this.#plainRoot).journal)
    this.mayForget = true
    this.needs.note('journal lost')
  }

  /** Its disk becomes an image of another machine's; both are without power. */
  becomeCopyOf(other: Machine): void {
    // A version that thinks ill of the one's hardware would of the other's.
    this.isUnlucky = other.isUnlucky
    this.mayForget = true
    other.mayForget = true
    this.#replaceTree(other.drive.tree.copy())
    this.needs.note(`is a copy of ${other.name}`)
  }

  powerOn(): void {
    if (this.hasPower || this.isLost) return
    this.#boots += 1
    const bootId = toHex(this.needs.chance.stream(`boot-${this.#boots}`).bytes(16))
    this.#kernel = new Kernel(bootId, () => this.needs.timeline.now)
    this.#isShuttingDown = false
    this.needs.note('power on')
    this.#startLauncher()
  }

  /** As a person shuts it down; it takes as long as its services take. */
  powerOff(): void {
    const kernel = this.#kernel
    if (kernel === null) return
    this.#isShuttingDown = true
    this.needs.note('shutting down')
    if (this.#launcher === null) {
      this.#isOff()
      return
    }
    this.#launcher.stop()
    this.needs.timeline.after(SHUTDOWN_MS_MAX, () => {
      if (this.#kernel === kernel) this.#isOff()
    })
  }

  /** What was not flushed to the disk may be lost. */
  cutPower(): void {
    if (!this.hasPower) return
    this.#endEverything()
    this.drive.cutPower()
    this.needs.note('power cut')
  }

  /** `kill -9`; its agent is told by the end of its control line. */
  killLauncher(): void {
    const launcher = this.#launcher
    if (launcher === null) return
    this.needs.note('launcher killed')
    launcher.end()
    this.#launcherEnded(launcher)
  }

  killAgent(): void {
    if (this.#agent === null) return
    this.needs.note('agent killed')
    this.#kernel?.kill(this.#agent.pid)
  }

  observe(): Observed {
    const status = this.#agent?.status?.() ?? null
    const isProven = status?.last_check_in != null && !status.on_probation
    const payload = status?.payload?.status ?? 'healthy'
    return {
      ...this.#observation.read(),
      name: this.name,
      hasPower: this.hasPower,
      running: this.#agent,
      status,
      isHealthy: isProven && payload === 'healthy',
      executed: this.executed,
    }
  }

  /** The attempt under which it has begun to switch; null: it has not. */
  attemptSwitching(): string | null {
    const { attempt, slots } = this.#observation.read()
    if (slots.probation !== null) return slots.probation.attempt_id
    return attempt?.phase === 'switching' && attempt.ended === null ? attempt.attempt_id : null
  }

  /** That the agent keeps until the server has stored its end. */
  attemptSucceeded(): string | null {
    const { attempt } = this.#observation.read()
    return attempt?.ended?.phase === 'succeeded' ? attempt.attempt_id : null
  }

  /** Says in the transcript what has changed since the last time. */
  look(): void {
    const { generation } = this.drive.tree
    if (generation === this.#looked) return
    this.#looked = generation
    const now = this.#observation.describe()
    if (now === this.#noted) return
    this.#noted = now
    this.needs.note(now)
  }

  newClock(): ProcessClock {
    return new ProcessClock(this.needs.timeline, () => this.wrongByMs)
  }

  newChance(): Chance {
    this.#processes += 1
    return this.needs.chance.stream(`process-${this.#processes}`)
  }

  noteExecution(bytes: Uint8Array): void {
    this.executed.add(digestOf(bytes))
  }

  /** How often this version was started here, this time included. */
  countStart(manifestDigest: string): number {
    const starts = (this.#starts.get(manifestDigest) ?? 0) + 1
    this.#starts.set(manifestDigest, starts)
    return starts
  }

  #startLauncher(): void {
    const kernel = this.#kernel
    if (kernel === null) return
    const task: LauncherTask = startLauncherTask(this, {
      processes: (launcher) =>
        kernel.processesOf(1, {
          head: (command, pid, exit) => {
            const life: AgentLife = { manifestDigest: command[1] ?? '', pid, status: null }
            this.#agent = life
            return startAgentTask(this, {
              life,
              kernel,
              launcher,
              exit,
              onEnd: () => {
                if (this.#agent === life) this.#agent = null
              },
            })
          },
          follow: () => null,
        }),
      onEnd: () => this.#launcherEnded(task),
    })
    // The power may go while it starts.
    if (this.#kernel === kernel) this.#launcher = task
    else task.end()
  }

  #launcherEnded(launcher: LauncherTask): void {
    const kernel = this.#kernel
    if (this.#launcher !== launcher || kernel === null) return
    this.#launcher = null
    if (this.#isShuttingDown) {
      this.#isOff()
      return
    }
    this.needs.timeline.after(RESTART_MS, () => {
      if (this.#kernel === kernel && this.#launcher === null) this.#startLauncher()
    })
  }

  #isOff(): void {
    this.#endEverything()
    this.drive.tree.flushAll()
    this.needs.note('power off')
  }

  /** In the middle of an operation of the disk; the power comes back by itself. */
  #noteCut(takes: Cut['takes']): void {
    if (takes === 'launcher') this.killLauncher()
    if (takes === 'agent') this.killAgent()
    if (takes !== undefined) return
    this.cutPower()
    this.needs.timeline.after(BACK_AFTER_MS, () => this.powerOn())
  }

  #endEverything(): void {
    const kernel = this.#kernel
    this.#kernel = null
    this.#launcher?.end()
    this.#launcher = null
    kernel?.cutPower()
    this.#agent = null
  }

  #replaceTree(tree: FileTree): void {
    this.drive.tree = tree
    this.#plainDrive.tree = tree
  }
}

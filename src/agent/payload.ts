/**
 * The operator's program: started in `payload/` of the version directory, started again with
 * back-off when it ends, asked for its health. It runs in the agent's session, so killing the
 * agent's session ends it; what it leaves behind when it ends (it may start programs of its own) is
 * killed before it is started again.
 */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { causeChain } from '../base/fault.ts'
import type { Log } from '../base/log.ts'
import { jittered, type Random } from '../base/random.ts'
import { type ManifestPayload, PAYLOAD_FOLDER } from '../contract/manifest.ts'
import { Alarm } from './alarm.ts'
import { isExecutable } from './machine/files.ts'
import type { Environment, Processes } from './machine/processes.ts'

/** Running this long, it has got past what fails at the start. */
const PROVEN_MS = 3_000
const BACK_OFF_FIRST_MS = 1_000
const BACK_OFF_MAX_MS = 60_000
const GOOD_RUN_MS = 10 * 60_000
/** One failed check may be a busy machine; three in a row are the payload's. */
const HEALTH_FAILURES_MAX = 3
/** The first check waits this long for the program to come up. */
const FIRST_HEALTH_MS = 1_000

export type PayloadHealth = {
  readonly status: 'healthy' | 'unhealthy'
  /** It ran long enough and, if it can be asked, said so: worth a verdict. */
  readonly isProven: boolean
  readonly reason: string | null
  /** Ends seen since this agent started. */
  readonly exits: number
  /** The health command failed several times in a row. */
  readonly failedHealth: boolean
}

export type PayloadNeeds = {
  readonly payload: ManifestPayload
  readonly versionFolder: string
  readonly environment: Environment
  readonly processes: Processes
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  onChange(): void
}

export class Payload {
  readonly #needs: PayloadNeeds
  readonly #folder: string
  readonly #alarm: Alarm
  readonly #healthAlarm: Alarm
  #child: ChildProcess | null = null
  #ended: Promise<void> = Promise.resolve()
  #startedAt = 0
  #exits = 0
  #failures = 0
  #lastEnd: string | null = null
  #healthPassed = false
  #healthFailures = 0
  #lastHealthFailure = ''
  #stopping = false
  #loops: Promise<unknown> = Promise.resolve()

  constructor(needs: PayloadNeeds) {
    this.#needs = needs
    this.#folder = join(needs.versionFolder, PAYLOAD_FOLDER)
    this.#alarm = new Alarm(needs.clock)
    this.#healthAlarm = new Alarm(needs.clock)
  }

  start(): void {
    this.#loops = Promise.all([this.#keepRunning(), this.#watchHealth()])
  }

  health(): PayloadHealth {
    const { clock, payload } = this.#needs
    const failedHealth = this.#healthFailures >= HEALTH_FAILURES_MAX
    const seen = { exits: this.#exits, failedHealth }
    if (this.#child === null || failedHealth) {
      const reason = failedHealth ? this.#lastHealthFailure : (this.#lastEnd ?? 'not started yet')
      return { status: 'unhealthy', isProven: false, reason, ...seen }
    }
    const ranLongEnough = clock.monotonic() - this.#startedAt >= PROVEN_MS
    const isProven = ranLongEnough && (payload.health === null || this.#healthPassed)
    return { status: 'healthy', isProven, reason: null, ...seen }
  }

  /** SIGTERM, then, after the payload's own time, SIGKILL; and nothing of it is left. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#alarm.ring()
    this.#healthAlarm.ring()
    const child = this.#child
    if (child !== null) {
      this.#needs.processes.askToEnd(child)
      const grace = this.#needs.clock.sleep(this.#needs.payload.stop_timeout_s * 1000)
      await Promise.race([this.#ended, grace.done])
      grace.cancel()
    }
    this.#needs.processes.killFollowers()
    await this.#ended
    await this.#loops
  }

  async #keepRunning(): Promise<void> {
    const { clock, random, log, processes } = this.#needs
    while (!this.#stopping) {
      this.#launch()
      await this.#ended
      processes.killFollowers()
      if (this.#stopping) return
      this.#exits += 1
      const wasGood = clock.monotonic() - this.#startedAt >= GOOD_RUN_MS
      this.#failures = wasGood ? 1 : this.#failures + 1
      log.warn({ how: this.#lastEnd }, 'the payload ended')
      this.#needs.onChange()
      const pause = Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** (this.#failures - 1))
      await this.#alarm.wait(jittered(random, pause, 0.25))
    }
  }

  #launch(): void {
    const { payload, environment, processes, clock, log } = this.#needs
    const [program = '', ...args] = payload.run
    this.#startedAt = clock.monotonic()
    this.#healthPassed = false
    this.#healthFailures = 0
    const command = [join(this.#folder, program), ...args] as const
    const child = startedOrWhyNot(() => processes.startFollower(command, this.#folder, environment))
    if (typeof child === 'string') {
      this.#lastEnd = child
      this.#ended = Promise.resolve()
      return
    }
    this.#child = child
    log.info({ program, pid: child.pid }, 'payload started')
    this.#ended = whenEnded(child).then((how) => {
      this.#child = null
      this.#lastEnd = how
    })
  }

  async #watchHealth(): Promise<void> {
    const { payload } = this.#needs
    const { health } = payload
    if (health === null) {
      // Nothing to ask: being proven is a matter of time alone, and that is news once.
      await this.#healthAlarm.wait(PROVEN_MS)
      if (!this.#stopping) this.#needs.onChange()
      return
    }
    await this.#healthAlarm.wait(FIRST_HEALTH_MS)
    while (!this.#stopping) {
      const before = this.health()
      if (this.#child !== null) this.#noteHealth(await this.#askHealth(health))
      const after = this.health()
      if (before.status !== after.status || before.isProven !== after.isProven) {
        this.#needs.onChange()
      }
      await this.#healthAlarm.wait(payload.health_interval_s * 1000)
    }
  }

  #noteHealth(failure: string | null): void {
    if (failure === null) {
      this.#healthPassed = true
      this.#healthFailures = 0
      return
    }
    this.#healthPassed = false
    this.#healthFailures += 1
    this.#lastHealthFailure = failure
  }

  /** Null: healthy. A program of the payload is meant when there is one of that name. */
  async #askHealth(health: readonly string[]): Promise<string | null> {
    const { environment, payload, processes, clock } = this.#needs
    const [program = '', ...args] = health
    const own = join(this.#folder, program)
    // A disk that fails for a moment makes the check fail, and not the agent.
    const child = startedOrWhyNot(() => {
      const command = [isExecutable(own) ? own : program, ...args] as const
      return processes.startFollower(command, this.#folder, environment)
    })
    if (typeof child === 'string') return `the health command was not started: ${child}`
    const ended = whenEnded(child)
    const limit = clock.sleep(payload.health_timeout_s * 1000)
    const how = await Promise.race([ended, limit.done.then(() => null)])
    limit.cancel()
    if (how === null) {
      processes.kill(child)
      await ended
      return `the health command took longer than ${payload.health_timeout_s} s`
    }
    return child.exitCode === 0 ? null : `the health command ended with ${how}`
  }
}

/** Windows may refuse a program at once, say one that a scanner holds: it counts as ended. */
function startedOrWhyNot(start: () => ChildProcess): ChildProcess | string {
  try {
    return start()
  } catch (error) {
    // Best effort: it is started again after a pause, and why is told as the reason.
    return causeChain(error).join(': ')
  }
}

function whenEnded(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, name) =>
      resolve(name === null ? `exit code ${code}` : `signal ${name}`),
    )
  })
}

/**
 * What must hold after every step, looked at from outside: in the database as it is, and on the
 * disks of the machines. Nothing here asks the code that it watches; windows are read by a rule of
 * their own.
 */
import type { Clock } from '../../base/clock.ts'
import { invariant } from '../../base/invariant.ts'
import type { Window } from '../../domain/upgrade/window.ts'
import type { Database } from '../../store/open.ts'
import { loadWatchedUpgrades, type WatchedUpgrade } from '../../store/testing/watched-upgrades.ts'
import type { Machine } from '../machine/machine.ts'
import type { World } from '../world.ts'
import type { Catalogue } from './catalogue.ts'
import { type FleetOptions, HOUR_MS } from './options.ts'

export class Violation extends Error {}

/** States that only an agent which was staged, and told so, can come to. */
const PERMITTED = new Set(['staged', 'switching', 'on-probation', 'succeeded', 'rolled-back'])
const FAILED = new Set(['rolled-back', 'failed', 'timed-out'])

/** Servers may be gone for a while, and their clocks be wrong. */
const ENDED_WITHIN_MS = HOUR_MS
/** Far beyond any probation: a machine may have been without power for most of it. */
const SWITCHED_WITHIN_MS = 3 * HOUR_MS

export class Watcher {
  readonly #world: World
  readonly #clock: Clock
  readonly #database: Database
  readonly #catalogue: Catalogue
  readonly #options: FleetOptions
  readonly #states = new Map<string, string>()
  readonly #executions = new Map<string, number>()
  /** How often somebody resumed each rollout: its budget begins anew each time. */
  readonly resumed = new Map<number, number>()
  /** Rollouts of which somebody skipped a wave. */
  readonly skipped = new Set<number>()
  readonly #waves = new Map<number, number>()
  /** Attempts of which the server has heard that they are staged. */
  readonly #staged = new Set<string>()
  readonly #switching = new Map<string, { attempt: string | null; since: number }>()
  /** Attempts of which a machine has noted that they succeeded. */
  readonly #succeeded = new Map<string, Machine>()
  rows: readonly WatchedUpgrade[] = []
  readonly #complaints: unknown[] = []

  constructor(
    world: World,
    of: {
      readonly database: Database
      readonly catalogue: Catalogue
      readonly options: FleetOptions
    },
  ) {
    this.#world = world
    this.#clock = world.newClock()
    this.#database = of.database
    this.#catalogue = of.catalogue
    this.#options = of.options
  }

  /** What nobody who could answer it was told. */
  complain(error: unknown): void {
    this.#complaints.push(error)
  }

  /** After a step in which something may have changed. */
  async lookAtDatabase(): Promise<void> {
    this.rows = await loadWatchedUpgrades(this.#database)
    const open = this.rows.filter(({ finished_at }) => finished_at === null)
    this.#checkBerths(open)
    this.#checkOnePerEndpoint(open)
    for (const row of this.rows) this.#checkRow(row)
    for (const rows of Map.groupBy(this.rows, ({ action_id }) => action_id).values()) {
      this.#checkRollout(rows)
    }
  }

  /** Now and then: nothing waits beyond its end, though nobody says a word. */
  lookAtEnds(): void {
    const overdue = this.#clock.now() - ENDED_WITHIN_MS
    const late = this.rows.filter(({ finished_at, state, expires_at, changed_at }) => {
      const since = Math.max(expires_at, changed_at)
      return finished_at === null && state === 'queued' && since < overdue
    })
    this.#hold(late.length === 0, `${late.length} upgrades wait beyond their end`)
  }

  /**
   * When all has become calm: what did not hold. What an agent did is known by then, unless it is
   * lost or may have forgotten it.
   */
  lookAtCalm(): readonly string[] {
    const unheard = this.rows.filter(({ attempt_id, state }) => {
      const machine = this.#succeeded.get(attempt_id ?? '')
      if (machine === undefined || machine.isLost || machine.mayForget) return false
      return state !== 'succeeded'
    })
    const wrong = unheard.map(({ action_id, endpoint_id, state }) => {
      return `${endpoint_id} of ${action_id} succeeded, and is ${state}`
    })
    return [...checkCalm(this.#world, this.rows, this.#catalogue), ...wrong]
  }

  /** After every step. */
  lookAtMachines(): void {
    const [complaint] = this.#complaints
    if (complaint !== undefined) throw complaint
    for (const machine of this.#world.machines) {
      const { executed, name } = machine
      this.#checkSwitch(machine)
      const succeeded = machine.attemptSucceeded()
      if (succeeded !== null) this.#succeeded.set(succeeded, machine)
      if (executed.size === this.#executions.get(name)) continue
      this.#executions.set(name, executed.size)
      for (const digest of executed) {
        const isSigned = this.#catalogue.signed.has(digest)
        this.#hold(isSigned, `${name} executed something that nobody signed`)
      }
    }
  }

  /** Nobody switches before the server knew that it was about to. */
  #checkSwitch(machine: Machine): void {
    const attempt = machine.attemptSwitching()
    const before = this.#switching.get(machine.name)
    if (before?.attempt !== attempt) {
      this.#switching.set(machine.name, { attempt, since: this.#world.now })
    } else if (attempt !== null && !machine.isLost) {
      const isLong = this.#world.now - before.since > SWITCHED_WITHIN_MS
      this.#hold(!isLong, `${machine.name} is between two versions for hours`)
    }
    if (attempt === null || this.#staged.has(attempt)) return
    this.#hold(false, `${machine.name} switched under ${attempt} and had not asked`)
  }

  #checkBerths(open: readonly WatchedUpgrade[]): void {
    const holders = open.filter(({ deadline_at }) => deadline_at !== null)
    const { parallelUpgradesMax } = this.#options
    const told = `${holders.length} upgrades hold one of ${parallelUpgradesMax} berths`
    this.#hold(holders.length <= parallelUpgradesMax, told)
    const clocks = new Set(['downloading', 'staged', 'switching', 'on-probation', 'offered'])
    for (const { state, deadline_at, endpoint_id } of open) {
      const isEndless = clocks.has(state) && deadline_at === null
      this.#hold(!isEndless, `${endpoint_id} is ${state} without a deadline`)
    }
  }

  #checkOnePerEndpoint(open: readonly WatchedUpgrade[]): void {
    const endpoints = new Set(open.map(({ endpoint_id }) => endpoint_id))
    this.#hold(endpoints.size === open.length, 'an endpoint has two open upgrades')
  }

  #checkRow(row: WatchedUpgrade): void {
    const key = `${row.action_id} ${row.endpoint_id}`
    const before = this.#states.get(key)
    const now = `${row.state} ${row.attempt_id ?? ''}`
    if (before === now) return
    this.#states.set(key, now)
    if (PERMITTED.has(row.state) && row.attempt_id !== null) this.#staged.add(row.attempt_id)
    const name = `${row.endpoint_id.slice(0, 6)} of ${row.action_id}`
    this.#world.note('server', `${name} ${row.state} (${row.reason ?? 'no reason'})`)
    if (row.finished_at !== null) {
      this.#hold(row.reason !== null, `${name} ended as ${row.state} without a reason`)
    }
    if (row.state !== 'offered') return
    const isWithin = isOpenAt(row.window, row.zone, row.changed_at)
    this.#hold(isWithin, `${name} was offered outside its window`)
  }

  #checkRollout(rows: readonly WatchedUpgrade[]): void {
    const [first] = rows
    if (first === undefined) return
    const { action_id, rollout_state, current_wave, waves, max_concurrent } = first
    const holders = rows.filter((each) => each.finished_at === null && each.deadline_at !== null)
    const unbegun = holders.filter(({ state }) => state === 'queued' || state === 'offered')
    const isMoving = rollout_state === 'scheduled' || rollout_state === 'running'
    this.#hold(
      isMoving || unbegun.length === 0,
      `rollout ${action_id} is ${rollout_state} and ${unbegun.length} may begin`,
    )
    const early = holders.filter(({ wave }) => wave > current_wave)
    this.#hold(early.length === 0, `rollout ${action_id} is at wave ${current_wave}, a later began`)
    this.#checkProgress(rows, first)
    const isWithin = max_concurrent === null || holders.length <= max_concurrent
    this.#hold(isWithin, `rollout ${action_id} has ${holders.length} of ${max_concurrent} at once`)
    for (const [index, { size, budget }] of waves.entries()) {
      const own = rows.filter(({ wave }) => wave === index)
      this.#hold(own.length <= size, `wave ${index} of rollout ${action_id} has more than ${size}`)
      if (budget === null) continue
      const failed = own.filter((each) => FAILED.has(each.state) && each.attempt_id !== null)
      const atStake = own.filter((each) => holders.includes(each)).length + failed.length
      const most = budget * (1 + (this.resumed.get(action_id) ?? 0))
      const told = `wave ${index} of rollout ${action_id} puts ${atStake} at stake of ${most}`
      this.#hold(atStake <= most, told)
    }
  }

  /**
   * A wave begins when the one before it is done, or somebody said so. Who is back by then of a
   * wave that was done earlier is waited for by nobody.
   */
  #checkProgress(rows: readonly WatchedUpgrade[], { action_id, current_wave }: WatchedUpgrade) {
    const before = this.#waves.get(action_id) ?? 0
    this.#waves.set(action_id, current_wave)
    if (current_wave === before || this.skipped.has(action_id)) return
    const earlier = rows.filter(({ wave }) => wave < current_wave)
    const busy = earlier.filter((each) => {
      return each.finished_at === null && each.deadline_at !== null && each.wave >= before
    })
    const told = `rollout ${action_id} began wave ${current_wave} while ${busy.length} were at work`
    this.#hold(busy.length === 0, told)
    const own = earlier.filter(({ wave }) => wave === current_wave - 1)
    const isProven = own.some(({ state }) => state === 'succeeded')
    const isLeft = own.some(({ finished_at }) => finished_at === null)
    this.#hold(isProven || !isLeft, `rollout ${action_id} passed a wave that proved nothing`)
  }

  #hold(condition: boolean, told: string): void {
    if (!condition) throw new Violation(told)
  }
}

/** By what a clock on the wall of the zone shows, and by nothing else. */
export function isOpenAt(window: Window | null, zone: string, at: number): boolean {
  if (window === null) return true
  const there = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  const minute = there.hour * 60 + there.minute
  const { startMinute: start, endMinute: end, days } = window
  const isDay = (day: number) => days.some((each) => each === day)
  const today = there.dayOfWeek
  const yesterday = there.toPlainDate().subtract({ days: 1 }).dayOfWeek
  if (start === end) return isDay(today)
  if (start < end) return isDay(today) && start <= minute && minute < end
  return (isDay(today) && minute >= start) || (isDay(yesterday) && minute < end)
}

/** Everything has ended, and whoever can run runs. */
function checkCalm(
  world: World,
  rows: readonly WatchedUpgrade[],
  catalogue: Catalogue,
): readonly string[] {
  const open = rows.filter(({ finished_at }) => finished_at === null)
  const wrong = open.map(({ action_id, endpoint_id, state, reason }) => {
    return `${endpoint_id} of ${action_id} is ${state} (${reason}) for ever`
  })
  for (const machine of world.machines.filter(({ isLost }) => !isLost)) {
    const { slots, isHealthy, hasPower, attempt, status } = machine.observe()
    const kind = catalogue.kindOf(slots.active?.manifest_digest ?? null)
    invariant(hasPower, 'in the calm every machine has power')
    const isBadLater = kind !== null && BAD_LATER.has(kind)
    if (kind === null) wrong.push(`${machine.name} runs nothing that was published`)
    if (!isHealthy && !isBadLater) wrong.push(`${machine.name} is not healthy on a ${kind} version`)
    // What was accepted and not begun is left at a restart, and stands on the disk until the next.
    const isAtWork = attempt?.ended === null && status?.attempt != null
    if (isAtWork) {
      wrong.push(`${machine.name} is at work on ${attempt.version} for ever`)
    }
  }
  return wrong
}

/** They prove themselves first: what they do later nobody's probation can see. */
const BAD_LATER = new Set(['dies-after-probation', 'goes-silent', 'crashes-on-second-start'])

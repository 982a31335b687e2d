/**
 * People who order, pause, resume, skip, cancel and take over at random, by the calls that people
 * have. What they are refused is fine; what a server that died in the middle did is unknown to
 * them, as it is to people.
 */
import type { Result } from '../../base/result.ts'
import { isOver } from '../../domain/rollout/rollout.ts'
import type { ApiRefusal } from '../../server/http/refusal.ts'
import type { PublicRoute } from '../../server/http/route.ts'
import { upgradeEndpointsRoute } from '../../server/public-api/endpoints/upgrade.ts'
import { cancelUpgradeRoute } from '../../server/public-api/endpoints/upgrade-cancel.ts'
import { withdrawReleaseRoute } from '../../server/public-api/releases/withdraw.ts'
import { pauseUpgradeRoute } from '../../server/public-api/rollouts/pause.ts'
import { resumeUpgradeRoute } from '../../server/public-api/rollouts/resume.ts'
import { retryUpgradeRoute } from '../../server/public-api/rollouts/retry.ts'
import { revertUpgradeRoute } from '../../server/public-api/rollouts/revert.ts'
import { skipWaveRoute } from '../../server/public-api/rollouts/skip-wave.ts'
import type { Chance } from '../chance.ts'
import type { World } from '../world.ts'
import type { Catalogue } from './catalogue.ts'
import { type FleetOptions, HOUR_MS } from './options.ts'
import { Killed, type SimServer } from './sim-server.ts'
import type { Watcher } from './watcher.ts'

export type Operated = {
  readonly world: World
  readonly servers: readonly SimServer[]
  readonly options: FleetOptions
  readonly catalogue: Catalogue
  readonly watcher: Watcher
  /** Endpoints that have enrolled so far. */
  endpointIds(): Promise<readonly string[]>
}

const ACTS = [
  ...(['cancel', 'cancel-some', 'pause', 'resume', 'resume', 'skip', 'retry'] as const),
  ...(['revert', 'withdraw'] as const),
]
const ZONES = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Auckland', 'endpoint']
const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
export const TAGS = ['web', 'db', 'lab']

export class Operators {
  readonly #on: Operated
  readonly #chance: Chance
  #isGone = false

  constructor(on: Operated) {
    this.#on = on
    this.#chance = on.world.chance.stream('operators')
  }

  begin(): void {
    this.#plan()
  }

  /** Nobody orders anything more. */
  leave(): void {
    this.#isGone = true
  }

  /** What stands still is gone on with, or given up; every server is up. */
  async tidyUp(isLast: boolean): Promise<void> {
    for (const [actionId, state] of this.#rollouts()) {
      if (isOver(state)) continue
      const isStuck = state === 'paused' || state === 'halted'
      if (isLast) await this.#say(cancelUpgradeRoute, { group_action_id: actionId })
      else if (isStuck && this.#chance.happens(0.5)) await this.#resume(actionId)
      else if (isStuck) await this.#say(cancelUpgradeRoute, { group_action_id: actionId })
    }
  }

  #plan(): void {
    const gap = -Math.log(1 - this.#chance.fraction()) * (HOUR_MS / this.#on.options.acts)
    this.#on.world.after(gap, () => {
      if (this.#isGone) return
      const acted = this.#on.world.quiet.track(this.#act())
      acted.catch((error) => {
        // Best effort: whoever watches ends the run with it.
        this.#on.watcher.complain(error)
      })
      this.#plan()
    })
  }

  async #act(): Promise<void> {
    const open = this.#rollouts().filter(([, state]) => !isOver(state))
    const [actionId] = open.length === 0 ? [] : this.#chance.pick(open)
    if (actionId === undefined || this.#chance.happens(0.4)) return await this.#order()
    const about = { group_action_id: actionId }
    const act = this.#chance.pick(ACTS)
    switch (act) {
      case 'cancel':
        return await this.#say(cancelUpgradeRoute, about)
      case 'pause':
        return await this.#say(pauseUpgradeRoute, about)
      case 'resume':
        return await this.#resume(actionId)
      case 'skip':
        this.#on.watcher.skipped.add(actionId)
        return await this.#say(skipWaveRoute, about)
      case 'retry':
        return await this.#say(retryUpgradeRoute, { ...about, retry_failed: true })
      case 'revert':
        return await this.#say(revertUpgradeRoute, about)
      case 'cancel-some': {
        const ids = this.#some(await this.#on.endpointIds())
        return await this.#say(cancelUpgradeRoute, { ...about, endpoint_ids: ids })
      }
      default: {
        const { of } = this.#chance.pick(this.#on.catalogue.releases.slice(1))
        if (!this.#chance.happens(0.2)) return
        return await this.#say(withdrawReleaseRoute, {
          version: of.version,
          platform: 'linux',
          reason: 'simulated',
        })
      }
    }
  }

  async #order(): Promise<void> {
    const chance = this.#chance
    const ids = await this.#on.endpointIds()
    if (ids.length === 0) return
    const { of } = chance.pick(this.#on.catalogue.releases.slice(1))
    await this.#say(upgradeEndpointsRoute, {
      endpoint_ids: chance.happens(0.6) ? ids : this.#some(ids),
      target_versions: { linux: of.version },
      retry_failed: chance.happens(0.3),
      allow_downgrade: chance.happens(0.3),
      supersede: chance.happens(0.4),
      expires_in_hours: chance.whole(1, 3),
      ...(chance.happens(0.4) ? { upgrade_timeframe_window: this.#window() } : {}),
      ...(chance.happens(0.7) ? { rollout: this.#policy() } : {}),
    })
  }

  #window() {
    const chance = this.#chance
    const time = () =>
      `${String(chance.whole(0, 23)).padStart(2, '0')}:${chance.pick(['00', '15', '30', '59'])}`
    return {
      upgrade_timeframe_days: DAYS.filter(() => chance.happens(0.8)),
      upgrade_timeframe_start_time: time(),
      upgrade_timeframe_end_time: time(),
      upgrade_timeframe_timezone: chance.pick(ZONES),
      strict_end: chance.happens(0.3),
    }
  }

  #policy() {
    const chance = this.#chance
    return {
      ...(chance.happens(0.6) ? { canary: { count: chance.whole(1, 2) } } : {}),
      waves: chance.pick([[], [50], [{ tag: 'web' }, 60], [20, 40, 80]]),
      soak_minutes: chance.pick([0, 0, 10, 45]),
      max_attempts: chance.whole(1, 3),
      ...(chance.happens(0.3) ? { max_concurrent: chance.whole(1, 3) } : {}),
      ...(chance.happens(0.6) ? { failure_budget: { count: chance.whole(1, 3) } } : {}),
    }
  }

  async #resume(actionId: number): Promise<void> {
    const { resumed } = this.#on.watcher
    // Before the call: a server may die when it has done it.
    resumed.set(actionId, (resumed.get(actionId) ?? 0) + 1)
    await this.#say(resumeUpgradeRoute, { group_action_id: actionId })
  }

  #some(ids: readonly string[]): readonly string[] {
    const some = ids.filter(() => this.#chance.happens(0.5))
    return some.length === 0 ? ids.slice(0, 1) : some
  }

  #rollouts() {
    return [
      ...new Map(this.#on.watcher.rows.map((row) => [row.action_id, row.rollout_state] as const)),
    ]
  }

  async #say<Needs>(route: PublicRoute<Needs>, data: unknown): Promise<void> {
    const server = this.#chance.pick(this.#on.servers)
    const { path } = route.call
    try {
      const answered: Result<unknown, ApiRefusal> = await server.call(route, data)
      const how = answered.ok ? 'done' : `refused: ${answered.refusal.code}`
      this.#on.world.note('operator', `${path} ${JSON.stringify(data)}: ${how}`)
    } catch (error) {
      // Best effort: the server was killed, or is down; a person would look and try again.
      if (!(error instanceof Killed)) throw error
      this.#on.world.note('operator', `${path} ${JSON.stringify(data)}: nobody answered`)
    }
  }
}

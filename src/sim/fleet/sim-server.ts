/**
 * A server in a simulated world: the real handlers, the real planner and the real store, on a real
 * database. What differs from `assembleServer`: bytes of artifacts come from memory, workers that
 * have nothing to do with upgrades do not run, and the rollout engine rests longer by itself.
 *
 * It can be killed before any statement to its database. What it was doing is rolled back there, as
 * when its process is gone; a server that is started again knows only what the database does.
 */
import type { Clock } from '../../base/clock.ts'
import { digestOf } from '../../base/digest.ts'
import { newId, type RunId } from '../../base/ids.ts'
import { type Log, silentLog } from '../../base/log.ts'
import type { Result } from '../../base/result.ts'
import { checkInDoor } from '../../server/agent-api/check-in.ts'
import { createCheckInViews } from '../../server/agent-api/check-in-views.ts'
import { createCheckInWrites } from '../../server/agent-api/check-in-writes.ts'
import { manifestDoor } from '../../server/agent-api/download.ts'
import { enrolDoor } from '../../server/agent-api/enrol.ts'
import { createLiveConfiguration } from '../../server/configuration.ts'
import { agentRoute } from '../../server/http/agent-edge.ts'
import { createBandwidth } from '../../server/http/bandwidth.ts'
import type { HttpRoute } from '../../server/http/exchange.ts'
import type { ApiRefusal } from '../../server/http/refusal.ts'
import type { PublicRoute } from '../../server/http/route.ts'
import { ask } from '../../server/testing/ask.ts'
import { advanceRollouts, advancing } from '../../server/work/advance-rollouts.ts'
import { endOverdueUpgrades } from '../../server/work/end-overdue-upgrades.ts'
import { type Loop, startLoop } from '../../server/work/loop.ts'
import type { DatabaseWatch } from '../../store/driver.ts'
import type { Database } from '../../store/open.ts'
import type { Serve } from '../network/network.ts'
import { serveRoutes } from '../network/routes.ts'
import type { Turns } from '../turns.ts'
import type { World } from '../world.ts'

/** Thrown in a server that was killed; nobody catches it but whoever reaches for that server. */
export class Killed extends Error {
  constructor(server: string) {
    super(`${KILLED} ${server}`)
  }
}

const KILLED = 'killed:'

/** Anything but a question, of a table that says how upgrades stand. */
const CHANGES_UPGRADES = /^(?!select).*\b(upgrade|rollout)\b/s

/** Opens the database of the world, for a server or for whoever looks on. */
export type OpenDatabase = (watch?: DatabaseWatch) => Database

export type SimServerOrder = {
  readonly name: string
  readonly open: OpenDatabase
  readonly checkInIntervalS: number
  readonly probationS: number
  /** At the database, of all servers. */
  readonly turns: Turns
}

async function beginTurn({ quiet }: World, turns: Turns): Promise<() => void> {
  const isQuiet = quiet.begin()
  const end = await turns.take()
  return () => {
    end()
    isQuiet()
  }
}

/** How long the engine and the clerk of deadlines rest: a real server looks every second or ten. */
const ADVANCE_EVERY_MS = 300_000
const OVERDUE_EVERY_MS = 300_000

export class SimServer {
  readonly name: string
  readonly database: Database
  /** By how much its clock is wrong. */
  wrongByMs = 0
  /** What it said that it could not do, but for being killed: bugs of ours. */
  readonly complaints: string[] = []
  readonly #world: World
  readonly #order: SimServerOrder
  #life: Life | null = null
  #dieIn: number | null = null
  /** Statements that were asked so far, and those that may have changed an upgrade. */
  statements = 0
  changes = 0
  #lives = 0

  constructor(world: World, order: SimServerOrder) {
    this.name = order.name
    this.#world = world
    this.#order = order
    this.database = order.open({
      begin: () => beginTurn(world, order.turns),
      onStatement: (statement: string) => this.#onStatement(statement),
    })
  }

  get isUp(): boolean {
    return this.#life !== null
  }

  get clock(): Clock {
    return this.#alive().needs.clock
  }

  start(): void {
    this.#dieIn = null
    if (this.#life !== null) return
    this.#lives += 1
    this.#life = startLife(this.#world, this, { ...this.#order, life: this.#lives })
    this.#world.note(this.name, 'up')
  }

  /** As `kill -9`: nothing of it goes on. */
  kill(): void {
    const life = this.#life
    if (life === null) return
    this.#life = null
    this.#dieIn = null
    life.clock.stop()
    this.#world.note(this.name, 'killed')
  }

  /** It dies before that many more statements. */
  dieBefore(statements: number): void {
    this.#dieIn = statements
  }

  readonly serve: Serve = async (request) => {
    const life = this.#alive()
    const answer = await life.serve(request)
    // Whoever was killed while it answered said nothing.
    if (this.#life !== life) throw new Killed(this.name)
    return answer
  }

  /** A call of the public API. */
  async call<Needs>(
    route: PublicRoute<Needs>,
    data: unknown,
  ): Promise<Result<unknown, ApiRefusal>> {
    const life = this.#alive()
    const { needs } = life
    // Each route takes of them what it needs; the simulator has what those that it calls need.
    const answered = await this.#world.quiet.track(ask(route, needs as unknown as Needs, data))
    if (this.#life !== life) throw new Killed(this.name)
    return answered
  }

  /** Plans until there is nothing to plan, as the engine does; how much it changed. */
  async advance(): Promise<number> {
    return await advanceRollouts(this.#alive().needs)
  }

  /** What is past its end by now is ended, or gives its berth back. */
  async keepDeadlines(): Promise<void> {
    await endOverdueUpgrades(this.#alive().needs)
  }

  async close(): Promise<void> {
    this.kill()
    await this.database[Symbol.asyncDispose]()
  }

  /** A log for this server; what it complains of is looked at by whoever watches. */
  newLog(): Log {
    return {
      ...silentLog,
      error: (facts, what) => {
        const told = `${what} ${JSON.stringify(facts)}`
        if (!told.includes(KILLED)) this.complaints.push(told)
      },
    }
  }

  #alive(): Life {
    if (this.#life === null) throw new Killed(this.name)
    return this.#life
  }

  #onStatement(statement: string): void {
    // What is rolled back, or was begun to be, is the database's business, not the dead server's.
    if (statement === 'rollback') return
    if (this.#life === null) throw new Killed(this.name)
    this.statements += 1
    if (CHANGES_UPGRADES.test(statement)) this.changes += 1
    if (this.#dieIn === null) return
    this.#dieIn -= 1
    if (this.#dieIn > 0) return
    this.#world.countFault('server-killed-in-the-middle')
    this.kill()
    throw new Killed(this.name)
  }
}

type Needs = ReturnType<typeof needsOf>

type Life = {
  readonly needs: Needs
  readonly serve: Serve
  readonly clock: { stop(): void }
}

function startLife(
  world: World,
  server: SimServer,
  order: SimServerOrder & { readonly life: number },
): Life {
  const clock = world.newClock(() => server.wrongByMs)
  let rollouts: Loop | null = null
  const needs = needsOf(world, server, { ...order, clock, wakeRollouts: () => rollouts?.wake() })
  const owner = newId<RunId>(needs.random)
  const engine = advancing(needs, owner)
  rollouts = startLoop({ ...engine, everyMs: ADVANCE_EVERY_MS }, needs)
  const overdue = async () => {
    await endOverdueUpgrades(needs)
    return null
  }
  startLoop({ name: 'overdue', everyMs: OVERDUE_EVERY_MS, perform: overdue }, needs)
  const routes: readonly HttpRoute[] = [
    agentRoute<Needs>(enrolDoor, needs),
    agentRoute<Needs>(checkInDoor, needs),
    agentRoute<Needs>(manifestDoor, needs),
  ]
  return { needs, serve: serveRoutes(routes), clock }
}

function needsOf(
  world: World,
  server: SimServer,
  order: SimServerOrder & {
    readonly life: number
    readonly clock: Clock
    readonly wakeRollouts: () => void
  },
) {
  const { database, name } = server
  const { clock, checkInIntervalS, probationS } = order
  const configuration = createLiveConfiguration({ database, clock })
  return {
    database,
    clock,
    configuration,
    random: world.chance.stream(`${name}/${order.life}`),
    log: server.newLog(),
    checkInLimits: { intervalS: checkInIntervalS, probationS },
    checkInViews: createCheckInViews(database),
    checkInWrites: createCheckInWrites(database, clock),
    wakeRollouts: order.wakeRollouts,
    wakePolicies: () => {},
    clusterImage: async (version: string) => `registry/agent@sha256:${digestOf(version)}`,
    bandwidth: createBandwidth({ clock, bytesPerSecond: async () => null }),
    artifacts: {
      openRead: async () => Promise.reject(new Error('artifacts are served from memory')),
    },
  }
}

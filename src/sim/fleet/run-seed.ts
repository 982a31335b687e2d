/**
 * One seed: a fleet, servers, operators, trouble for some hours and then calm, in which everything
 * must come to its end. What must hold is looked at after every step.
 */

import { NO_FLOORS } from '../../domain/release/floors.ts'
import { saveSetting } from '../../store/configuration.ts'
import { loadEndpointIds } from '../../store/testing/watched-upgrades.ts'
import type { VersionKind } from '../bad-versions.ts'
import { Chance } from '../chance.ts'
import { Turns } from '../turns.ts'
import { World } from '../world.ts'
import { Catalogue } from './catalogue.ts'
import { Operators, TAGS } from './operators.ts'
import { drawOptions, type FleetOptions, MINUTE_MS } from './options.ts'
import { type OpenDatabase, SimServer } from './sim-server.ts'
import { Trouble } from './trouble.ts'
import { Violation, Watcher } from './watcher.ts'

/** A Monday in spring, a day after Europe's clocks were put forward: 03:00 UTC. */
const START = Date.parse('2027-03-29T03:00:00Z')
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Nowhere/At_All']

export type SeedOutcome = {
  readonly seed: string
  readonly options: FleetOptions
  readonly steps: number
  readonly faults: ReadonlyMap<string, number>
  readonly upgrades: number
  readonly transcript: readonly string[]
  /** What did not hold; null: everything did. */
  readonly violation: string | null
}

export type SeedOrder = {
  /** A migrated database that nobody else uses, and that is empty. */
  readonly open: OpenDatabase
  /** Of the version that may be bad; absent: the seed says it. */
  readonly kind?: VersionKind
}

export async function runSeed(seed: string, order: SeedOrder): Promise<SeedOutcome> {
  const options = drawOptions(new Chance(seed).stream('options'), order.kind)
  return await runFleet({ seed, options, open: order.open }, live)
}

export type FleetOrder = {
  readonly seed: string
  readonly options: FleetOptions
  /** A migrated database that nobody else uses, and that is empty. */
  readonly open: OpenDatabase
}

/** A fleet, and what becomes of it by what is done to it; what must hold is looked at all along. */
export async function runFleet(
  { seed, options, open }: FleetOrder,
  act: (fleet: Fleet) => Promise<void>,
): Promise<SeedOutcome> {
  const world = new World({ seed, start: START })
  await using database = open()
  const catalogue = await Catalogue.open(database, world.chance.stream('keys'))
  const watcher = new Watcher(world, { database, catalogue, options })
  const { parallelUpgradesMax, checkInIntervalS, probationS } = options
  await database.write((tx) => saveSetting(tx, 'autoUpgrade', { parallelUpgradesMax }))
  const turns = new Turns()
  const servers = Array.from({ length: options.servers }, (_, index) => {
    const name = `server-${index + 1}`
    return new SimServer(world, { name, open, checkInIntervalS, probationS, turns })
  })
  const endpointIds = () => loadEndpointIds(database.read)
  const fleet = { world, servers, options, catalogue, watcher, endpointIds }
  const ran = { seed, options, world, watcher }
  try {
    await build(fleet)
    watch(fleet)
    await world.run(ENROLLED_BY_MS)
    await act(fleet)
    return outcome(ran, null)
  } catch (error) {
    // Best effort: a seed that fails is what is looked for, whatever was thrown; it is told.
    const told = error instanceof Violation ? error.message : String((error as Error).stack)
    return outcome(ran, told)
  } finally {
    await world.close()
    for (const server of servers) await server.close()
  }
}

export type Fleet = ConstructorParameters<typeof Operators>[0]

async function build({ world, servers, options, catalogue }: Fleet): Promise<void> {
  const chance = world.chance.stream('fleet')
  const about = { at: START, floors: NO_FLOORS }
  const installed = await catalogue.publish('1.0.0.0', 'good', about)
  for (const [index, kind] of options.kinds.entries()) {
    await catalogue.publish(`1.${index + 1}.0.0`, kind, about)
  }
  world.serve = async (request) => {
    const bytes = catalogue.artifactAnswer(request)
    return bytes ?? (await world.quiet.track(chance.pick(servers).serve(request)))
  }
  for (const server of servers) server.start()
  for (let index = 1; index <= options.machines; index += 1) {
    const machine = world.addMachine(`machine-${index}`, chance.pick(ZONES))
    machine.isUnlucky = chance.happens(0.5)
    machine.install(catalogue.packageOf(installed, [chance.pick(TAGS)]))
    machine.powerOn()
  }
}

const ENROLLED_BY_MS = MINUTE_MS
/** In the calm, operators look after what stands still this often. */
const TIDY_EVERY_MS = 30 * MINUTE_MS

/** In the calm it is looked this often whether all has ended. */
const LOOK_EVERY_MS = MINUTE_MS

async function live(fleet: Fleet): Promise<void> {
  const { world, options } = fleet
  const trouble = new Trouble(fleet)
  const operators = new Operators(fleet)
  trouble.begin()
  operators.begin()
  await world.run(options.troubleMs)
  world.note('world', 'calm')
  trouble.end()
  operators.leave()
  await planTwice(fleet)
  const until = options.troubleMs + options.calmMs
  const looks = everySoOften(world, LOOK_EVERY_MS)
  for (let at = options.troubleMs; at < until && !hasEnded(fleet); at += TIDY_EVERY_MS) {
    await world.quiet.track(operators.tidyUp(at + 2 * TIDY_EVERY_MS >= until))
    await world.run(at + TIDY_EVERY_MS, () => looks() && hasEnded(fleet))
  }
  const wrong = fleet.watcher.lookAtCalm()
  if (wrong.length > 0) throw new Violation(wrong.join('; '))
}

function everySoOften(world: World, ms: number): () => boolean {
  let next = world.now
  return () => {
    if (world.now < next) return false
    next = world.now + ms
    return true
  }
}

/**
 * Planning again changes nothing. A server that has just come up looks after deadlines at that very
 * moment, too, and what that ends may be planned for: so it is ended before.
 */
async function planTwice({ servers, world }: Fleet): Promise<void> {
  const [server] = servers
  if (server === undefined) return
  await world.quiet.track(server.keepDeadlines())
  await world.quiet.track(server.advance())
  const changes = await world.quiet.track(server.advance())
  if (changes > 0) throw new Violation(`planning again made ${changes} changes`)
}

function watch({ world, servers, watcher }: Fleet): void {
  let seen = 0
  world.onStep = async () => {
    watcher.lookAtMachines()
    const complaint = servers.flatMap(({ complaints }) => complaints)[0]
    if (complaint !== undefined) throw new Violation(`a server complains: ${complaint}`)
    const changes = servers.reduce((sum, server) => sum + server.changes, 0)
    if (changes === seen) return
    seen = changes
    await watcher.lookAtDatabase()
  }
}

function hasEnded({ watcher }: Fleet): boolean {
  watcher.lookAtEnds()
  if (watcher.rows.some(({ finished_at }) => finished_at === null)) return false
  return watcher.lookAtCalm().length === 0
}

function outcome(
  {
    seed,
    options,
    world,
    watcher,
  }: Pick<Fleet, 'options' | 'world' | 'watcher'> & {
    readonly seed: string
  },
  violation: string | null,
): SeedOutcome {
  const { steps, faults, transcript } = world
  return { seed, options, steps, faults, upgrades: watcher.rows.length, transcript, violation }
}

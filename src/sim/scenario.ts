/**
 * A story of a fleet, told in lines that a person reads, and played in the simulator. One act a
 * line, in the order of their times:
 *
 *     machines 3                        (before anything else; so are servers, berths and publish)
 *     servers 2
 *     berths 2
 *     publish exits-at-once             the next version: 1.1.0.0, 1.2.0.0 ...
 *     at 2m order 1.1.0.0 {"rollout": {"canary": {"count": 1}}}
 *     at 3m pause 1                     pause, resume, cancel, revert: the action of that number
 *     at 4m cut-power machine-1         cut-power, power-on, lose, kill-agent, kill-launcher,
 *                                       lose-journal
 *     at 4m disk-errors machine-1 0.2   the share of its operations that fail
 *     at 5m die-before server-1 3       that many statements later; start server-1
 *     when machine-1 downloading: pause 1      an act of any kind, once a line has all those words
 *     run 40m                           until then; nothing comes after it
 */
import { invariant } from '../base/invariant.ts'
import type { PublicRoute } from '../server/http/route.ts'
import { upgradeEndpointsRoute } from '../server/public-api/endpoints/upgrade.ts'
import { cancelUpgradeRoute } from '../server/public-api/endpoints/upgrade-cancel.ts'
import { pauseUpgradeRoute } from '../server/public-api/rollouts/pause.ts'
import { resumeUpgradeRoute } from '../server/public-api/rollouts/resume.ts'
import { revertUpgradeRoute } from '../server/public-api/rollouts/revert.ts'
import type { VersionKind } from './bad-versions.ts'
import { Chance } from './chance.ts'
import { drawOptions, type FleetOptions, HOUR_MS, MINUTE_MS } from './fleet/options.ts'
import { type Fleet, runFleet, type SeedOutcome } from './fleet/run-seed.ts'
import type { OpenDatabase } from './fleet/sim-server.ts'
import type { Machine } from './machine/machine.ts'

/** When: a time, or the words of a line of the transcript. */
type Line = {
  readonly when: number | readonly string[]
  readonly verb: string
  readonly words: readonly string[]
}

/** What is waited for has come by then, or never does. */
const WAIT_MS_MAX = 6 * HOUR_MS

export async function playScenario(
  name: string,
  script: string,
  open: OpenDatabase,
): Promise<SeedOutcome> {
  const lines = script
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '')
  const options = optionsOf(lines)
  const acts = lines.flatMap((line) => actOf(line))
  return await runFleet({ seed: name, options, open }, async (fleet) => {
    for (const act of acts) {
      await waitFor(fleet, act.when)
      await perform(fleet, act)
    }
  })
}

function optionsOf(lines: readonly string[]): FleetOptions {
  const numberOf = (word: string, otherwise: number) => {
    const line = lines.find((each) => each.startsWith(`${word} `))
    return line === undefined ? otherwise : Number(line.split(' ')[1])
  }
  const kinds = lines.flatMap((line) => {
    const [verb, kind] = line.split(' ')
    return verb === 'publish' ? [kind as VersionKind] : [] // The scripts' own word.
  })
  return {
    ...drawOptions(new Chance('scenario')),
    machines: numberOf('machines', 2),
    servers: numberOf('servers', 1),
    parallelUpgradesMax: numberOf('berths', 10),
    lossAfterMs: null,
    kinds,
  }
}

function actOf(line: string): Line[] {
  const [first, ...rest] = line.split(' ')
  if (first === 'run') return [{ when: minutes(rest[0]), verb: 'run', words: [] }]
  if (first === 'at') {
    const [at, verb = '', ...words] = rest
    return [{ when: minutes(at), verb, words }]
  }
  if (first !== 'when') return []
  const colon = line.indexOf(': ')
  const [verb = '', ...words] = line.slice(colon + 2).split(' ')
  return [{ when: line.slice('when '.length, colon).split(' '), verb, words }]
}

async function waitFor({ world }: Fleet, when: Line['when']): Promise<void> {
  if (typeof when === 'number') return await world.run(when)
  const { transcript } = world
  const from = transcript.length
  const isThere = () => {
    return transcript.slice(from).some((line) => when.every((word) => line.includes(word)))
  }
  await world.run(world.now + WAIT_MS_MAX, isThere)
  invariant(isThere(), `${when.join(' ')} never came`)
}

function minutes(text: string | undefined): number {
  invariant(text !== undefined && /^\d+(\.\d+)?m$/.test(text), `${text} is a time, as in 5m`)
  return Number(text.slice(0, -1)) * MINUTE_MS
}

async function perform(fleet: Fleet, { verb, words }: Line): Promise<void> {
  const [first = '', second = ''] = words
  switch (verb) {
    case 'run':
      return
    case 'order': {
      const more = words.slice(1).join(' ')
      const policy = (more === '' ? {} : JSON.parse(more)) as object
      const endpoint_ids = await fleet.endpointIds()
      const order = { endpoint_ids, target_versions: { linux: first }, ...policy }
      return await say(fleet, upgradeEndpointsRoute, order)
    }
    case 'pause':
      return await say(fleet, pauseUpgradeRoute, { group_action_id: Number(first) })
    case 'resume':
      return await say(fleet, resumeUpgradeRoute, { group_action_id: Number(first) })
    case 'cancel':
      return await say(fleet, cancelUpgradeRoute, { group_action_id: Number(first) })
    case 'revert':
      return await say(fleet, revertUpgradeRoute, { group_action_id: Number(first) })
    case 'die-before':
      return serverOf(fleet, first).dieBefore(Number(second))
    case 'start':
      return serverOf(fleet, first).start()
    default:
      return befall(fleet, verb, words)
  }
}

type Befalling = (machine: Machine, share: number) => void

const BEFALLINGS: Readonly<Record<string, Befalling>> = {
  'cut-power': (machine) => machine.cutPower(),
  'power-on': (machine) => machine.powerOn(),
  'kill-agent': (machine) => machine.killAgent(),
  'kill-launcher': (machine) => machine.killLauncher(),
  'lose-journal': (machine) => machine.loseJournal(),
  lose: (machine) => {
    machine.isLost = true
    machine.cutPower()
  },
  'disk-errors': (machine, share) => {
    machine.drive.errorShare = share
  },
}

function befall(fleet: Fleet, verb: string, [name = '', share = '0']: readonly string[]): void {
  const machine = fleet.world.machines.find((each) => each.name === name)
  const befalls = BEFALLINGS[verb]
  invariant(machine !== undefined, `${name} is one of the machines`)
  invariant(befalls !== undefined, `${verb} is something that befalls a machine`)
  befalls(machine, Number(share))
}

function serverOf({ servers }: Fleet, name: string) {
  const server = servers.find((each) => each.name === name)
  invariant(server !== undefined, `${name} is one of the servers`)
  return server
}

async function say<Needs>(fleet: Fleet, route: PublicRoute<Needs>, data: object): Promise<void> {
  const [server] = fleet.servers
  invariant(server !== undefined, 'there is a server')
  const answered = await server.call(route, data)
  const how = answered.ok ? 'done' : `refused: ${answered.refusal.code}`
  const { endpoint_ids: _, ...told } = data as { readonly endpoint_ids?: unknown }
  fleet.world.note('operator', `${route.call.path} ${JSON.stringify(told)}: ${how}`)
}

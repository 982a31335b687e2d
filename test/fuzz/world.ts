/** What the server holds, as far as the fuzz knows: filled before, and with what answers tell. */
import { Client } from 'pg'
import { type Connection, clientSettings } from '../../src/store/connection.ts'
import { endUpgrade, enrolAgent, type FleetServer, orderFor, publishFor } from '../small-fleet.ts'
import type { Agent } from './agents.ts'
import type { Chance } from './chance.ts'
import type { Operation } from './request.ts'
import type { FuzzServer } from './server.ts'
import type { Texts } from './texts.ts'

/** Lists that grow while the run goes on. */
export type World = {
  readonly endpoints: string[]
  readonly distributions: string[]
  /** Made by the run: they may be deleted. */
  readonly spareDistributions: string[]
  readonly actions: number[]
  /** Of endpoints of their own, which have failed, or succeeded. */
  readonly failedActions: readonly number[]
  readonly succeededActions: readonly number[]
  readonly keys: number[]
  readonly versions: string[]
  readonly artifacts: string[]
  /** Paths of packages. */
  readonly packages: string[]
  readonly manifests: string[]
  /** What agents download: artifacts as they are stored and sent. */
  readonly members: readonly string[]
  /** Each checks in as itself. */
  readonly agents: Agent[]
  /** Agents that do as they like, in an upgrade action of their own. */
  readonly hostile: Agent[]
}

const ENDPOINTS = 60
const HOSTILE_AGENTS = 5
/** Each can be retried, or taken back, once. */
const ENDED_ACTIONS = 5
const DISTRIBUTIONS = 20
/** Of what was learnt of a kind: above that, what is known is forgotten for it. */
const KNOWN_MAX = 300

export async function fillServer(server: FuzzServer, texts: Texts): Promise<World> {
  const versions = ['8.6.0.1', '8.6.0.5678', '8.7.0.1', '8.8.0.10594']
  const manifests: string[] = []
  for (const version of versions) manifests.push(await server.publish(version))
  await publishFor(server, 'windows', ['8.6.0.1234'])
  // Made when it is first asked for, by whoever may look at it.
  await server.call('trust/get_package_key', { format: 'apk' })
  const agents = await agentsOf(server, 'fuzz', ENDPOINTS)
  const hostile = await agentsOf(server, 'hostile', HOSTILE_AGENTS)
  const endpoints = agents.map(({ endpointId }) => endpointId)
  const distributions: string[] = []
  for (let count = 1; count <= DISTRIBUTIONS; count++) {
    distributions.push(await orderFor(server, `known ${count}`))
  }
  const actions = [await upgradeOf(server, agents.slice(0, 4)), await upgradeOf(server, hostile)]
  const failedActions = await endedActionsOf(server, 'failed')
  const succeededActions = await endedActionsOf(server, 'succeeded')
  const artifacts = [await server.upload(Buffer.from('an artifact of nobody'))]
  for (const version of versions) {
    artifacts.push(await server.upload(Buffer.from(`the agent of ${version}`)))
  }
  texts.known.push(...versions, ...manifests, 'known 1', 'fuzz-1', 'web', 'ada', '10.0.0.7')
  texts.known.push(...endpoints.slice(0, 2))
  const members = await membersOf(server.connection)
  const lists = { endpoints, distributions, actions, failedActions, succeededActions }
  const world = { ...lists, versions, artifacts, manifests, members }
  name(texts, ['linux', 'linux_version', 'agent_version', 'version'], versions)
  name(texts, ['endpoint_id', 'endpoint_ids'], endpoints)
  name(texts, ['distribution_id'], distributions)
  name(texts, ['launcher', 'digest', 'digests'], artifacts)
  name(texts, ['group_action_id'], actions)
  const values = [...(texts.named.get('value') ?? []), ...endpoints.slice(0, 12)]
  name(texts, ['value'], [...values, 'known 1', 'web'])
  return { ...world, agents, hostile, spareDistributions: [], keys: [], packages: [] }
}

async function agentsOf(server: FuzzServer, prefix: string, count: number): Promise<Agent[]> {
  const agents: Agent[] = []
  for (let each = 1; each <= count; each++) {
    const agent = await enrolAgent(server, `${prefix}-${each}`, 'linux')
    agents.push({ ...agent, attemptId: null })
  }
  return agents
}

async function endedActionsOf(
  server: FuzzServer,
  phase: 'failed' | 'succeeded',
): Promise<readonly number[]> {
  const actions: number[] = []
  for (let each = 1; each <= ENDED_ACTIONS; each++) {
    const agent = await enrolAgent(server, `${phase}-${each}`, 'linux')
    actions.push(await upgradeOf(server, [{ ...agent, attemptId: null }]))
    await endUpgrade(server, agent, phase)
  }
  return actions
}

async function upgradeOf(server: FleetServer, agents: readonly Agent[]): Promise<number> {
  const endpoint_ids = agents.map(({ endpointId }) => endpointId)
  const asked = { endpoint_ids, target_versions: { linux: '8.6.0.5678' } }
  const { body } = await server.call('endpoints/upgrade', asked)
  return Number(body.reply.group_action_id)
}

/** Agents know them from manifests. */
async function membersOf(connection: Connection): Promise<readonly string[]> {
  const client = new Client(clientSettings(connection))
  await client.connect()
  try {
    const found = await client.query<{ member: string }>(
      'select gzip_digest as member from artifact order by 1',
    )
    return found.rows.map(({ member }) => member)
  } finally {
    await client.end()
  }
}

/** The lists themselves, so that what is learnt is used. */
function name(texts: Texts, fields: readonly string[], values: readonly (string | number)[]): void {
  for (const field of fields) texts.named.set(field, values)
}

/** What a right answer tells of what is there now. */
export function learn(world: World, operation: Operation, text: string, chance: Chance): void {
  const learning = LEARNING[operation.path.replace(/^\/public_api\/v1\//, '')]
  if (learning === undefined) return
  learning(world, JSON.parse(text).reply, (known, value) => {
    if (known.length < KNOWN_MAX) known.push(value)
    else known[chance.below(KNOWN_MAX)] = value
  })
}

type Keep = <Value>(known: Value[], value: Value) => void
type Reply = Readonly<Record<string, unknown>>
type Learning = (world: World, reply: Reply, keep: Keep) => void

const LEARNING: Readonly<Record<string, Learning>> = {
  'distributions/create': ({ spareDistributions }, { distribution_id }, keep) =>
    keep(spareDistributions, String(distribution_id)),
  'distributions/get_dist_url': ({ packages }, { distribution_url }, keep) => {
    const { pathname, search } = new URL(String(distribution_url))
    keep(packages, `${pathname}${search}`)
  },
  'endpoints/upgrade': ({ actions }, { group_action_id }, keep) => {
    // Of a dry run there is no action.
    if (typeof group_action_id === 'number') keep(actions, group_action_id)
  },
  'releases/publish': ({ manifests }, { manifest_digest }, keep) =>
    keep(manifests, String(manifest_digest)),
  'api_keys/generate': ({ keys }, { id }, keep) => keep(keys, Number(id)),
}

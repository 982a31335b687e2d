/**
 * Random requests, made of the OpenAPI document, against server processes on real ports. A seed
 * draws the same requests in the same order; which of them meet at the server, and what is known
 * from answers when they are drawn, is up to the machine.
 *
 * First come those who may not: nothing that the database holds may change. Then agents that do as
 * they like: nothing may change but what is theirs. Then an administrator and agents, for whom
 * everything is allowed except an answer that blames the server, an error that is no error body, a
 * reply beside its schema, a connection that hangs, or memory that grows.
 */
import { systemClock } from '../../src/base/clock.ts'
import type { DistributionId } from '../../src/base/ids.ts'
import { enrolmentToken } from '../../src/server/enrolment-token.ts'
import { type Actors, actorsOf, type Credentials } from './actors.ts'
import {
  type Agent,
  agentFlaws,
  checkInOf,
  disowned,
  downloadOf,
  enrolmentOf,
  hear,
} from './agents.ts'
import { changedBetween, contentOf } from './content.ts'
import { type Judge, judgeFor } from './judge.ts'
import { type Quarters, quartersOf } from './memory.ts'
import type { FuzzRequest } from './request.ts'
import { type Document, operationsOf, requestFor } from './requests.ts'
import { type CallCount, type Phase, Run, type Sample, type Shot } from './run.ts'
import type { FuzzServer } from './server.ts'
import { newTexts, type Texts } from './texts.ts'
import { fillServer, learn, type World } from './world.ts'

export type FuzzOrder = {
  readonly server: FuzzServer
  readonly document: Document
  readonly seed: number
  /** In all. */
  readonly requests: number
}

export type FuzzReport = {
  readonly sent: number
  readonly answersByStatus: Readonly<Record<string, number>>
  readonly calls: Readonly<Record<string, CallCount>>
  /** Calls of the document that never answered 2xx: nothing behind their validation was reached. */
  readonly unreached: readonly string[]
  /** Each once, with the first request that showed it. */
  readonly flaws: readonly string[]
  /** By those who may not, and of others by agents. */
  readonly changedTables: readonly string[]
  /** In megabytes, the medians of the quarters of the last phase. */
  readonly memory: Readonly<Record<keyof Sample, Readonly<Record<Figure, Quarters>>>>
  readonly seconds: number
}

type Figure = keyof Sample['plain']

const UNINVITED_SHARE = 0.13
const VIEWER_SHARE = 0.07
const HOSTILE_AGENT_SHARE = 0.05
/** Of the requests of those who may do everything, and of those who may do nothing. */
const AGENT_SHARE = 0.12

export async function fuzz(order: FuzzOrder): Promise<FuzzReport> {
  const startedAt = systemClock.monotonic()
  const { server, document, requests } = order
  const { connection } = server
  const texts = newTexts()
  const world = await fillServer(server, texts)
  const actors = await actorsOf(server)
  using run = new Run(server, order.seed)
  const shots = new Shots({ run, world, texts, document, server })
  const before = await contentOf(connection)
  const share = (of: number) => Math.round(requests * of)
  await run.all(shots.uninvited(actors, share(UNINVITED_SHARE)))
  await run.all(shots.viewer(actors, share(VIEWER_SHARE)))
  const changed = changedBetween(before, await contentOf(connection))
  const theirs = world.hostile.map(({ endpointId }) => endpointId)
  const others = await contentOf(connection, theirs)
  await run.all(shots.hostileAgents(share(HOSTILE_AGENT_SHARE)))
  const changedByAgents = changedBetween(others, await contentOf(connection, theirs))
  const samples = await run.all(shots.everybody(actors, requests - run.sent))
  const memory = memoryOf(samples)
  const told = run.told()
  return {
    ...told,
    unreached: shots.calls.filter((call) => (told.calls[call]?.right ?? 0) === 0),
    flaws: [...told.flaws, ...errorsOf(server)],
    changedTables: [...changed, ...changedByAgents.map((table) => `${table} (of others)`)],
    memory,
    seconds: Math.round((systemClock.monotonic() - startedAt) / 1000),
  }
}

/** A server that met a bug says so, whatever it answered. */
function errorsOf({ plain, secure }: FuzzServer): readonly string[] {
  const lines = [plain, secure].flatMap((door) => door.output().split('\n'))
  return lines.filter((line) => line !== '' && !/^(?:listening on|memory) /.test(line)).slice(0, 20)
}

function memoryOf(samples: readonly Sample[]): FuzzReport['memory'] {
  const of = (door: keyof Sample) => {
    const quarters = (figure: Figure) => quartersOf(samples.map((each) => each[door][figure]))
    return {
      rssBefore: quarters('rssBefore'),
      rss: quarters('rss'),
      heapUsed: quarters('heapUsed'),
      external: quarters('external'),
    }
  }
  return { plain: of('plain'), secure: of('secure') }
}

type Drawn = {
  readonly run: Run
  readonly world: World
  readonly texts: Texts
  readonly document: Document
  readonly server: FuzzServer
}

/** Who sends what. */
class Shots {
  /** Every call of the document whose answers are judged by its schema. */
  readonly calls: readonly string[]
  readonly #drawn: Drawn
  readonly #making
  readonly #operations
  readonly #judge: Judge

  constructor(drawn: Drawn) {
    const { run, texts, document, world } = drawn
    this.#drawn = drawn
    const { schemas } = document.components
    this.#making = { chance: run.chance, texts, schemas, world }
    this.#operations = operationsOf(document)
    this.#judge = judgeFor(document)
    const calls = this.#operations.filter(({ path }) => !path.includes('{'))
    this.calls = calls.map(({ method, path }) => `${method} ${path}`)
  }

  uninvited(actors: Actors, requests: number): Phase {
    const { chance } = this.#drawn.run
    const uninvited = Object.entries(actors.uninvited)
    const mayAnswer = (status: number) => status >= 400
    const shot = () => {
      const [name, credentials] = chance.of(uninvited)
      if (chance.is(AGENT_SHARE)) return this.#stranger()
      return this.#called(name, credentials, (status) => mayAnswer(status))
    }
    return { requests, credentials: {}, shot }
  }

  viewer(actors: Actors, requests: number): Phase {
    const credentials = actors.viewer
    const mayAnswer = (status: number, permission: string | null) =>
      permission?.endsWith('.edit') === true ? status >= 400 : status !== 401
    const shot = () => this.#called('the viewer', credentials, mayAnswer)
    return { requests, credentials, shot }
  }

  hostileAgents(requests: number): Phase {
    const { chance } = this.#drawn.run
    const { hostile } = this.#drawn.world
    const shot = () => {
      const agent = chance.of(hostile)
      const request = chance.is(0.7) ? checkInOf(agent, this.#making) : this.#download(agent)
      return agentShot('a hostile agent', request, agent)
    }
    return { requests, credentials: {}, shot }
  }

  everybody(actors: Actors, requests: number): Phase {
    const { run, world } = this.#drawn
    const credentials = actors.administrator
    const mayAnswer = (status: number) => ![401, 403].includes(status)
    const shot = () => {
      if (!run.chance.is(AGENT_SHARE))
        return this.#called('the administrator', credentials, mayAnswer)
      const agent = run.chance.of(world.agents)
      return agentShot('an agent', this.#knock(agent), agent)
    }
    return { requests, credentials, isSampled: true, shot }
  }

  #called(
    name: string,
    credentials: Credentials,
    mayAnswer: (status: number, permission: string | null) => boolean,
  ): Shot {
    const { world, run } = this.#drawn
    const request = requestFor(this.#operations, this.#making, credentials)
    const { operation } = request
    return {
      ...{ name, request },
      flaws: (answer) => this.#judge(request, answer),
      mayAnswer: (status) => operation === null || mayAnswer(status, operation.permission),
      heard: ({ status, text }) => {
        if (operation !== null && status === 200) learn(world, operation, text, run.chance)
      },
    }
  }

  /** Somebody at an agent's door who is no agent. */
  #stranger(): Shot {
    const { world, run } = this.#drawn
    const agent = run.chance.of(world.agents)
    const request = run.chance.is(0.2)
      ? enrolmentOf(agent, { id: run.chance.of(world.distributions), token: '0' }, this.#making)
      : disowned(this.#agentRequest(agent), world.agents, this.#making)
    const shot = agentShot('a stranger', request, agent)
    return { ...shot, mayAnswer: (status) => status >= 400, heard: () => {} }
  }

  #knock(agent: Agent): FuzzRequest {
    const { run, world, server } = this.#drawn
    if (!run.chance.is(0.15)) return this.#agentRequest(agent)
    const id = run.chance.of(world.distributions)
    const token = enrolmentToken(server.secret, id as DistributionId) // The server named it so.
    return enrolmentOf(agent, { id, token }, this.#making)
  }

  #agentRequest(agent: Agent): FuzzRequest {
    const isCheckIn = this.#drawn.run.chance.is(0.8)
    return isCheckIn ? checkInOf(agent, this.#making) : this.#download(agent)
  }

  #download(agent: Agent): FuzzRequest {
    const { manifests, members } = this.#drawn.world
    return downloadOf(agent, { manifests, artifacts: members }, this.#making)
  }
}

function agentShot(name: string, request: FuzzRequest, agent: Agent): Shot {
  return {
    ...{ name, request },
    flaws: (answer) => agentFlaws(request, answer),
    mayAnswer: () => true,
    heard: ({ status, text }) => {
      if (status === 200 && request.path.endsWith('/check-in')) hear(agent, text)
    },
  }
}

/** What other programs' servers, and proxies in between, answer to agents and clients. */
import { ClusterApi } from '../../../src/agent/cluster/cluster-api.ts'
import { daemonSetObject, daemonSetOf } from '../../../src/agent/cluster/daemon-set.ts'
import { lookAtPods, podList } from '../../../src/agent/cluster/pods.ts'
import { readReply } from '../../../src/agent/enrol.ts'
import { LINK_LIMITS, ServerLink } from '../../../src/agent/server-link.ts'
import { utf8 } from '../../../src/base/bytes.ts'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { systemRandom } from '../../../src/base/random.ts'
import { ApiError } from '../../../src/client/api-error.ts'
import { followEvents } from '../../../src/client/events.ts'
import { parseReply } from '../../../src/client/transport.ts'
import { enrolReply } from '../../../src/contract/agent/enrol.ts'
import { getDistributionsCall } from '../../../src/contract/public/distributions.ts'
import type { Reader } from './reader.ts'

const HEX32 = 'a'.repeat(32)
const json = (value: unknown) => utf8(JSON.stringify(value))

/** Pauses are over at once, and nothing ever takes too long. */
const impatient: Clock = {
  now: systemClock.now,
  monotonic: systemClock.monotonic,
  sleep: (ms) => ({ done: ms > 60_000 ? new Promise(() => {}) : Promise.resolve(), cancel() {} }),
}

const bodyOf = (bytes: Uint8Array) => Uint8Array.from(bytes)

async function isEnrolled(bytes: Uint8Array, status: number): Promise<boolean> {
  const fetch = () => Promise.reject(new Error('nothing is asked'))
  const link = new ServerLink({
    ...{ serverUrl: 'https://drydock.example.com', proxies: [], fetch, limits: LINK_LIMITS },
    ...{ clock: systemClock, random: systemRandom, log: silentLog },
  })
  const reply = await readReply(link, new Response(bodyOf(bytes), { status }), enrolReply)
  return reply.ok || reply.refusal.isServers === true
}

const POD = {
  file: {
    ...{ schema: 1 as const, cluster_name: '', namespace: 'default', daemon_set: 'agent' },
    container: 'agent',
  },
  ...{ nodeName: 'node-a', apiUrl: 'http://10.0.0.1:8080' },
  ...{ tokenPath: '/nonexistent/token', certificatesPath: '/nonexistent/ca.crt' },
}
const IMAGE = `registry.test/agent@sha256:${'1'.repeat(64)}`
const DAEMON_SET = {
  metadata: { uid: 'u', resourceVersion: '7', generation: 2, annotations: { a: 'b' } },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    template: { spec: { containers: [{ name: 'agent', image: IMAGE }], initContainers: [] } },
  },
  status: { desiredNumberScheduled: 3, updatedNumberScheduled: 1, numberReady: 3 },
}
const PODS = {
  metadata: { continue: '' },
  items: [
    {
      metadata: { name: 'agent-1' },
      spec: { nodeName: 'node-a', containers: [{ name: 'agent', image: IMAGE }] },
      status: {
        conditions: [{ type: 'Ready', status: 'False' }],
        containerStatuses: [{ name: 'agent', ready: false, state: { waiting: { reason: 'x' } } }],
      },
    },
  ],
}

function clusterThatSays(bytes: Uint8Array, status: number): ClusterApi {
  const fetch = async () => new Response(bodyOf(bytes), { status })
  return new ClusterApi({ pod: POD, fetch, clock: systemClock })
}

async function isDaemonSet(bytes: Uint8Array): Promise<boolean> {
  const asked = { method: 'GET', path: '/x' } as const
  const said = await clusterThatSays(bytes, 200).ask(asked, daemonSetObject)
  return said.ok && daemonSetOf(said.value, 'agent').image !== ''
}

async function arePods(bytes: Uint8Array): Promise<boolean> {
  const said = await clusterThatSays(bytes, 200).ask({ method: 'GET', path: '/x' }, podList)
  if (!said.ok) return false
  return lookAtPods(said.value.items, { container: 'agent', image: IMAGE }).unready.length >= 0
}

async function isStatus(bytes: Uint8Array): Promise<boolean> {
  const said = await clusterThatSays(bytes, 403).ask({ method: 'GET', path: '/x' }, podList)
  return !said.ok && said.refusal.kind === 'forbidden' && said.refusal.message.includes('denied')
}

/** Once the stream has ended the server says that this is all. */
async function eventsIn(bytes: Uint8Array): Promise<boolean> {
  const answers = [new Response(bodyOf(bytes)), new Response('{}', { status: 404 })]
  const key = { id: 1, key: 'k', mode: 'standard' } as const
  const fetch = async () => answers.shift() ?? new Response(null, { status: 404 })
  const needs = { baseUrl: 'https://x.example', key, fetch, timeoutMs: 1000, clock: impatient }
  let events = 0
  try {
    for await (const _event of followEvents({ ...needs, random: systemRandom }, {})) events += 1
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
  }
  return events > 0
}

const ERROR = {
  reply: { err_code: 400, err_msg: 'no', err_extra: [{ type: 'x', loc: ['a', 1], msg: 'y' }] },
}

const EVENTS = `id: 41\nevent: reset\ndata: {}\n\n: nothing\n\nid: 42\nevent: reset\ndata: {}\n\n`

export const OF_ANSWERS: readonly Reader[] = [
  {
    name: 'answer to an enrolment',
    samples: [json({ endpoint_id: HEX32, credential: 'b'.repeat(64) })],
    read: (bytes) => isEnrolled(bytes, 200),
  },
  {
    name: "server's no to an agent",
    samples: [json({ code: 'unauthorised', message: 'no' })],
    read: (bytes) => isEnrolled(bytes, 401),
  },
  { name: 'DaemonSet of a cluster', samples: [json(DAEMON_SET)], read: isDaemonSet },
  { name: 'pods of a cluster', samples: [json(PODS)], read: arePods },
  {
    name: "cluster's no",
    samples: [json({ kind: 'Status', message: 'denied by RBAC' })],
    read: isStatus,
  },
  {
    name: 'event stream',
    samples: [utf8(EVENTS)],
    words: ['data: ', '\n\n', ': '],
    read: eventsIn,
  },
  {
    name: 'reply of the public API',
    samples: [json({ reply: { data: [], filter_count: 0, total_count: 0 } })],
    read: (bytes) => parseReply(textOf(bytes), getDistributionsCall).data.length >= 0,
  },
  {
    name: "public API's no",
    samples: [json(ERROR)],
    read: (bytes) => errorIn(bytes).fieldErrors.length > 0,
  },
]

function errorIn(bytes: Uint8Array): ApiError {
  const body = textOf(bytes)
  return new ApiError({ status: 400, body, retryAfterMs: null, serverTime: null })
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

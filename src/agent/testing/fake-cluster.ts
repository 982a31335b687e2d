/**
 * A Kubernetes API for tests, as strict as the real one about what our agent asks: unknown paths,
 * methods, content types and fields are refused, the bearer token is checked, RBAC forbids, and a
 * patch that names another resourceVersion than the present one is a conflict. Beside it the
 * controller of the DaemonSet, with `maxUnavailable: 0` and some `maxSurge`: it acts when a test
 * says so, one step at a time, and each pod gets on as the test says that its image does there.
 */
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import * as z from 'zod'

export const NAMESPACE = 'drydock'
export const TOKEN = 'a token of the service account'
const PATH = `/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets/drydock-agent`
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`
const REVIEW = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'

/**
 * How a pod of an image gets on. `turns-bad`: ready until it is alone on its node; `seems-ready`:
 * the same, and the kubelet notices it three turns later.
 */
export type Behaviour =
  | 'ready'
  | 'turns-bad'
  | 'seems-ready'
  | 'not-ready'
  | 'no-status'
  | 'ImagePullBackOff'
  | 'CrashLoopBackOff'

export type FakePod = {
  readonly name: string
  readonly node: string
  readonly image: string
  readonly behaviour: Behaviour
}

const nameAndImage = z.strictObject({ name: z.string(), image: z.string() })
const patch = z.strictObject({
  metadata: z.strictObject({
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()),
  }),
  spec: z
    .strictObject({
      template: z.strictObject({
        spec: z.strictObject({
          containers: z.array(nameAndImage).min(1),
          initContainers: z.array(nameAndImage).optional(),
        }),
      }),
    })
    .optional(),
})

type Answer = { readonly status: number; readonly body: unknown }

export class FakeCluster {
  /** One by one: every request that changed something, and every one that was refused. */
  readonly seen: string[] = []
  granted = true
  maxSurge = 1
  /** The API answers nobody, and breaks connections off. */
  isDown = false
  /** The next change is made, and its reply lost. */
  losesReply = false
  annotations: Record<string, string> = {}
  images = { agent: '', state: '' }
  behaviour: (pod: { readonly image: string; readonly node: string }) => Behaviour = () => 'ready'
  /** A pod is there, or gone: a test starts and stops what runs in it. */
  onPod: (pod: FakePod, what: 'started' | 'ended') => void = () => {}
  readonly deadNodes = new Set<string>()
  /** What a real kubelet would know of a real pod; null: as it behaves. */
  probe: ((pod: FakePod) => boolean) | null = null
  #pods: FakePod[] = []
  readonly #aloneFor = new Map<string, number>()
  #version = 1
  #generation = 1
  #observed = 0
  #names = 0
  readonly #nodes: readonly string[]
  readonly #server
  url = ''

  private constructor(nodes: readonly string[], image: string, tls: Tls | null) {
    this.#nodes = nodes
    this.images = { agent: image, state: image }
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response)
    this.#server = tls === null ? createPlainServer(answer) : createTlsServer(tls, answer)
  }

  static async start(
    nodes: readonly string[],
    image: string,
    tls: Tls | null = null,
  ): Promise<FakeCluster> {
    const cluster = new FakeCluster(nodes, image, tls)
    await new Promise<void>((resolve) => cluster.#server.listen(0, '127.0.0.1', resolve))
    const { port } = cluster.#server.address() as AddressInfo
    cluster.url = `${tls === null ? 'http' : 'https'}://127.0.0.1:${port}`
    for (const node of nodes) cluster.#startPod(node)
    cluster.#observed = cluster.#generation
    return cluster
  }

  get pods(): readonly FakePod[] {
    return this.#pods
  }

  get attempt(): Record<string, unknown> | null {
    const text = this.annotations['drydock-agent/upgrade']
    return text === undefined ? null : (JSON.parse(text) as Record<string, unknown>)
  }

  /** As somebody with kubectl does. */
  setImage(image: string): void {
    this.images = { agent: image, state: image }
    this.#generation += 1
    this.#version += 1
  }

  /**
   * One turn of the DaemonSet's controller. An old pod goes when the new one beside it is ready; a
   * new pod comes to few nodes at a time, and at once where the old one is not ready itself.
   */
  reconcile(): void {
    this.#observed = this.#generation
    this.#version += 1
    for (const pod of this.#pods) {
      if (this.#isAlone(pod)) this.#aloneFor.set(pod.name, (this.#aloneFor.get(pod.name) ?? 0) + 1)
    }
    this.#startPods(this.#endOldPods())
  }

  /** How many nodes have an old pod beside a new one still. */
  #endOldPods(): number {
    let surging = 0
    for (const node of this.#nodes) {
      const [old, fresh] = [this.#on(node, false), this.#on(node, true)]
      const superseded = this.#pods.filter(
        (pod) => pod.node === node && pod.image !== this.images.agent,
      )
      for (const pod of superseded.slice(1)) this.#endPod(pod)
      if (old === undefined || fresh === undefined) continue
      if (this.isReady(fresh)) this.#endPod(old)
      else surging += 1
    }
    return surging
  }

  #startPods(already: number): void {
    let surging = already
    for (const node of this.#nodes) {
      const [old, fresh] = [this.#on(node, false), this.#on(node, true)]
      if (fresh !== undefined) continue
      if (old === undefined || !this.isReady(old)) this.#startPod(node)
      else if (surging < this.maxSurge) {
        surging += 1
        this.#startPod(node)
      }
    }
  }

  isReady(pod: FakePod): boolean {
    const { behaviour, node, name } = pod
    if (this.deadNodes.has(node)) return false
    if (this.probe !== null) return this.probe(pod)
    const aloneFor = this.#aloneFor.get(name) ?? 0
    if (behaviour === 'seems-ready') return aloneFor < 4
    return behaviour === 'ready' || (behaviour === 'turns-bad' && !this.#isAlone(pod))
  }

  #isAlone({ node, name }: FakePod): boolean {
    return this.#pods.every((each) => each.node !== node || each.name === name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #on(node: string, isFresh: boolean): FakePod | undefined {
    return this.#pods.find((pod) => {
      return pod.node === node && (pod.image === this.images.agent) === isFresh
    })
  }

  #startPod(node: string): void {
    const { agent: image } = this.images
    this.#names += 1
    const behaviour = this.deadNodes.has(node) ? 'no-status' : this.behaviour({ image, node })
    const pod = { name: `drydock-agent-${this.#names}`, node, image, behaviour }
    this.#pods.push(pod)
    this.onPod(pod, 'started')
  }

  #endPod(pod: FakePod): void {
    // Nobody tells a pod of a dead node that it is over.
    if (this.deadNodes.has(pod.node)) return
    this.#pods = this.#pods.filter((each) => each !== pod)
    this.onPod(pod, 'ended')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    if (this.isDown) return void request.socket.destroy()
    const answer = this.#decide(request, Buffer.concat(pieces).toString())
    const changes = request.method === 'PATCH'
    if (changes || answer.status !== 200) {
      this.seen.push(`${request.method} ${answer.status} ${String(this.attempt?.phase ?? '')}`)
    }
    if (changes && this.losesReply) {
      this.losesReply = false
      return void request.socket.destroy()
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer.body))
  }

  #decide(request: IncomingMessage, body: string): Answer {
    const url = new URL(request.url ?? '/', 'http://cluster')
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return refused(401, 'Unauthorized')
    if (request.method === 'POST' && url.pathname === REVIEW) return this.#review(body)
    if (request.method === 'GET' && url.pathname === PATH) {
      return this.granted ? { status: 200, body: this.#daemonSet() } : forbidden('get')
    }
    if (request.method === 'GET' && url.pathname === PODS) return this.#listPods(url)
    if (request.method !== 'PATCH' || url.pathname !== PATH) return refused(404, 'not found')
    if (!this.granted) return forbidden('patch')
    const type = 'application/strategic-merge-patch+json'
    if (request.headers['content-type'] !== type) return refused(415, 'unsupported media type')
    return this.#patch(body)
  }

  #review(body: string): Answer {
    const attributes = z.strictObject({
      group: z.literal('apps'),
      resource: z.literal('daemonsets'),
      verb: z.literal('patch'),
      namespace: z.literal(NAMESPACE),
      name: z.literal('drydock-agent'),
    })
    const review = z.strictObject({
      apiVersion: z.literal('authorization.k8s.io/v1'),
      kind: z.literal('SelfSubjectAccessReview'),
      spec: z.strictObject({ resourceAttributes: attributes }),
    })
    const parsed = review.safeParse(JSON.parse(body))
    if (!parsed.success) return refused(422, parsed.error.message)
    return { status: 201, body: { ...parsed.data, status: { allowed: this.granted } } }
  }

  #patch(body: string): Answer {
    const parsed = patch.safeParse(JSON.parse(body))
    if (!parsed.success) return refused(422, parsed.error.message)
    const { metadata, spec } = parsed.data
    if (metadata.resourceVersion !== String(this.#version)) return refused(409, 'modified')
    this.annotations = { ...this.annotations, ...metadata.annotations }
    const before = { ...this.images }
    const { containers = [], initContainers = [] } = spec?.template.spec ?? {}
    for (const { name, image } of [...containers, ...initContainers]) {
      if (name !== 'agent' && name !== 'state') return refused(422, `no container ${name}`)
      this.images = { ...this.images, [name]: image }
    }
    if (JSON.stringify(before) !== JSON.stringify(this.images)) this.#generation += 1
    this.#version += 1
    return { status: 200, body: this.#daemonSet() }
  }

  #daemonSet() {
    // As the controller counts: the oldest pod of each node stands for it.
    const oldest = this.#nodes.flatMap((node) => this.#pods.find((pod) => pod.node === node) ?? [])
    return {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: {
        name: 'drydock-agent',
        namespace: NAMESPACE,
        uid: '6f6e6c79-0000-4000-8000-74657374696e',
        resourceVersion: String(this.#version),
        generation: this.#generation,
        ...(Object.keys(this.annotations).length === 0 ? {} : { annotations: this.annotations }),
      },
      spec: {
        selector: { matchLabels: { 'app.kubernetes.io/name': 'drydock-agent' } },
        template: {
          spec: {
            initContainers: [{ name: 'state', image: this.images.state }],
            containers: [{ name: 'agent', image: this.images.agent }],
          },
        },
      },
      status: {
        observedGeneration: this.#observed,
        desiredNumberScheduled: this.#nodes.length,
        updatedNumberScheduled: oldest.filter((pod) => pod.image === this.images.agent).length,
        numberReady: oldest.filter((pod) => this.isReady(pod)).length,
      },
    }
  }

  #listPods(url: URL): Answer {
    if (!this.granted) return forbidden('list')
    const {
      labelSelector,
      limit,
      continue: after = '0',
      ...others
    } = Object.fromEntries(url.searchParams)
    const isSelector = labelSelector === 'app.kubernetes.io/name=drydock-agent'
    if (!isSelector || Object.keys(others).length > 0) return refused(400, 'not understood')
    const from = Number(after)
    const to = from + Number(limit)
    const next = to < this.#pods.length ? { continue: String(to) } : {}
    const items = this.#pods.slice(from, to).map((pod) => this.#podObject(pod))
    return { status: 200, body: { kind: 'PodList', metadata: next, items } }
  }

  #podObject(pod: FakePod) {
    const isReady = this.isReady(pod)
    const isDead = this.deadNodes.has(pod.node)
    const waits = pod.behaviour.endsWith('BackOff')
    const state = waits
      ? { waiting: { reason: pod.behaviour, message: `back-off of ${pod.image}` } }
      : { running: { startedAt: '2026-11-23T03:00:00Z' } }
    // A dead node's pods are marked, and their containers stay as they were last told.
    const status = { name: 'agent', ready: isReady || isDead, restartCount: 0, state }
    return {
      metadata: { name: pod.name, namespace: NAMESPACE },
      spec: { nodeName: pod.node, containers: [{ name: 'agent', image: pod.image }] },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
        ...(pod.behaviour === 'no-status' ? {} : { containerStatuses: [status] }),
      },
    }
  }
}

type Tls = { readonly cert: string; readonly key: string }

function refused(code: number, message: string): Answer {
  return {
    status: code,
    body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code },
  }
}

function forbidden(verb: string): Answer {
  return refused(403, `system:serviceaccount:${NAMESPACE}:drydock-agent cannot ${verb}`)
}

/** What the pods of a rollout say of themselves: which of them do not get ready, and why. */
import * as z from 'zod'
import type { ClusterRequest } from './cluster-api.ts'
import type { DaemonSet } from './daemon-set.ts'
import type { Pod } from './pod.ts'

const text = z.string().max(10_000).default('')

const containerState = z.object({
  waiting: z.object({ reason: text, message: text }).optional(),
  running: z.object({}).optional(),
  terminated: z.object({ reason: text }).optional(),
})

const podObject = z.object({
  metadata: z.object({ name: z.string().max(253), deletionTimestamp: z.string().optional() }),
  spec: z.object({
    nodeName: z.string().max(253).default(''),
    containers: z.array(z.object({ name: text, image: text })).max(100),
  }),
  status: z
    .object({
      conditions: z
        .array(z.object({ type: text, status: text }))
        .max(100)
        .default([]),
      containerStatuses: z
        .array(
          z.object({
            name: text,
            ready: z.boolean().default(false),
            state: containerState.default({}),
          }),
        )
        .max(100)
        .default([]),
    })
    .prefault({}),
})

/** Pods of one page; a cluster of five thousand nodes has ten. */
const PAGE = 500
export const PAGES_MAX = 20

export const podList = z.object({
  metadata: z.object({ continue: z.string().max(10_000).default('') }).prefault({}),
  items: z.array(podObject).max(PAGE),
})

export function podsRequest(pod: Pod, seen: DaemonSet, after: string): ClusterRequest {
  const selector = Object.entries(seen.labels).map(([key, value]) => `${key}=${value}`)
  const query = new URLSearchParams({ labelSelector: selector.join(','), limit: String(PAGE) })
  if (after !== '') query.set('continue', after)
  return { method: 'GET', path: `/api/v1/namespaces/${pod.file.namespace}/pods?${query}` }
}

export type UnreadyPod = {
  readonly name: string
  /** It cannot start; else it runs and says that it is not ready. */
  readonly isStuck: boolean
  readonly what: string
}

export type PodsSeen = {
  readonly unready: readonly UnreadyPod[]
  /** Pods whose node is not heard of any more: they were ready when it last was. */
  readonly lost: number
}

/**
 * Kubernetes, "Pod Lifecycle" and "Images": what a container waits for that will not come by
 * itself. `ContainerCreating` and `PodInitializing` are not among them, and neither is a pod
 * without any status: its node may be off, and the others do not wait for it.
 */
const STUCK: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
])

/** Of those that run the image: old ones are going anyway. */
export function lookAtPods(
  items: z.infer<typeof podList>['items'],
  of: { readonly container: string; readonly image: string },
): PodsSeen {
  const unready: UnreadyPod[] = []
  let lost = 0
  for (const { metadata, spec, status } of items) {
    const runsIt = spec.containers.some(
      (each) => each.name === of.container && each.image === of.image,
    )
    const container = status.containerStatuses.find((each) => each.name === of.container)
    if (!runsIt || metadata.deletionTimestamp !== undefined || container === undefined) continue
    const isReady = status.conditions.some(
      (each) => each.type === 'Ready' && each.status === 'True',
    )
    if (container.ready) {
      if (!isReady) lost += 1
      continue
    }
    const trouble = troubleOf(container.state)
    if (trouble === null) continue
    const what = `pod ${metadata.name} on ${spec.nodeName}${trouble.what}`.slice(0, 500)
    unready.push({ name: metadata.name, isStuck: trouble.isStuck, what })
  }
  return { unready, lost }
}

/** Null: it may still come. */
function troubleOf(state: z.infer<typeof containerState>): Omit<UnreadyPod, 'name'> | null {
  const { waiting, running, terminated } = state
  if (running !== undefined) return { isStuck: false, what: ' runs and is not ready' }
  if (terminated !== undefined) return { isStuck: false, what: ` ended: ${terminated.reason}` }
  if (waiting === undefined || !STUCK.has(waiting.reason)) return null
  const { reason, message } = waiting
  return { isStuck: true, what: message === '' ? `: ${reason}` : `: ${reason}: ${message}` }
}

/** The DaemonSet as the API tells it, and the patches that move its image. */
import * as z from 'zod'
import { ATTEMPT_ANNOTATION, attemptIn, type ClusterAttempt } from './attempt.ts'
import type { ClusterRequest } from './cluster-api.ts'
import type { Pod } from './pod.ts'

const containers = z
  .array(z.object({ name: z.string().max(253), image: z.string().max(1000).default('') }))
  .max(100)
const texts = z.record(z.string(), z.string())
const count = z.int().min(0).default(0)

/** What is used of `apps/v1 DaemonSet`; the rest is the operator's and left alone. */
export const daemonSetObject = z.object({
  metadata: z.object({
    uid: z.string().min(1).max(128),
    resourceVersion: z.string().min(1).max(128),
    generation: count,
    annotations: texts.default({}),
  }),
  spec: z.object({
    selector: z.object({ matchLabels: texts.default({}) }),
    template: z.object({
      spec: z.object({ containers, initContainers: containers.default([]) }),
    }),
  }),
  status: z
    .object({
      observedGeneration: count,
      desiredNumberScheduled: count,
      updatedNumberScheduled: count,
      numberReady: count,
    })
    .prefault({}),
})

export type DaemonSet = {
  readonly uid: string
  readonly resourceVersion: string
  /** Of the agent's container; null: there is no such container. */
  readonly image: string | null
  /** Every container of the pod that runs the same image: they move together. */
  readonly placesOf: (image: string) => ImagePlaces
  readonly labels: Readonly<Record<string, string>>
  readonly attempt: ClusterAttempt | null
  /** The controller has seen the present template. */
  readonly isObserved: boolean
  readonly desired: number
  /** Nodes whose oldest pod has the present template. */
  readonly updated: number
  readonly ready: number
}

export type ImagePlaces = {
  readonly containers: readonly string[]
  readonly initContainers: readonly string[]
}

export function daemonSetOf(object: z.infer<typeof daemonSetObject>, container: string): DaemonSet {
  const { metadata, spec, status } = object
  const pod = spec.template.spec
  const named = (image: string, list: typeof pod.containers) =>
    list.filter((each) => each.image === image).map((each) => each.name)
  return {
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    image: pod.containers.find((each) => each.name === container)?.image ?? null,
    placesOf: (image) => ({
      containers: named(image, pod.containers),
      initContainers: named(image, pod.initContainers),
    }),
    labels: spec.selector.matchLabels,
    attempt: attemptIn(metadata.annotations),
    isObserved: status.observedGeneration >= metadata.generation,
    desired: status.desiredNumberScheduled,
    updated: status.updatedNumberScheduled,
    ready: status.numberReady,
  }
}

export function daemonSetPath({ file }: Pod): string {
  return `/apis/apps/v1/namespaces/${file.namespace}/daemonsets/${file.daemon_set}`
}

export type DaemonSetChange = {
  readonly attempt: ClusterAttempt
  /** Null: the image stays. */
  readonly image: { readonly from: string; readonly to: string } | null
}

/**
 * A strategic merge patch: containers are found by their names, and all else stays. That it names
 * the resourceVersion makes the API refuse it, with 409, once anything has changed since (API
 * conventions, "Concurrency Control and Consistency"): of two who decide, one has decided on the
 * past.
 */
export function patchRequest(pod: Pod, seen: DaemonSet, change: DaemonSetChange): ClusterRequest {
  const { attempt, image } = change
  const annotations = { [ATTEMPT_ANNOTATION]: JSON.stringify(attempt) }
  const metadata = { resourceVersion: seen.resourceVersion, annotations }
  return {
    method: 'PATCH',
    path: daemonSetPath(pod),
    contentType: 'application/strategic-merge-patch+json',
    body: image === null ? { metadata } : { metadata, spec: imagePatch(seen, image) },
  }
}

function imagePatch(seen: DaemonSet, image: { readonly from: string; readonly to: string }) {
  const places = seen.placesOf(image.from)
  const moved = (names: readonly string[]) => names.map((name) => ({ name, image: image.to }))
  const initContainers = moved(places.initContainers)
  const spec = {
    containers: moved(places.containers),
    ...(initContainers.length === 0 ? {} : { initContainers }),
  }
  return { template: { spec } }
}

/**
 * What `drydock-agent ready` answers the kubelet. A pod that waits for the one before it must say
 * yes once it has shown that it can start: that one is not ended before. From then on only an agent
 * that runs the version of its image is ready, and not before that has proved itself: by this a
 * rollout is judged.
 */

import { dirname } from 'node:path'
import * as z from 'zod'
import { readJsonFile, writeJsonFile } from '../json-file.ts'
import type { Layout } from '../layout.ts'
import { makeFolder } from '../machine/files.ts'
import type { Status } from '../status.ts'

const podState = z.object({ launcher: z.enum(['waiting', 'holding']) })
export type PodState = z.infer<typeof podState>

/** Of the launcher's lock, by the launcher of this pod. */
export function notePodState(layout: Pick<Layout, 'podState'>, state: PodState): void {
  makeFolder(dirname(layout.podState))
  writeJsonFile(layout.podState, state)
}

export function readPodState(layout: Pick<Layout, 'podState'>): PodState | null {
  const read = readJsonFile(layout.podState, podState)
  return read.ok ? read.value : null
}

export type Readiness = { readonly isReady: boolean; readonly why: string }

export function readinessOf(seen: {
  readonly pod: PodState | null
  /** Of the version that the image brought; null: it cannot be used. */
  readonly imageVersion: string | null
  readonly status: Pick<Status, 'running' | 'version' | 'on_probation'>
}): Readiness {
  const { pod, imageVersion, status } = seen
  const no = (why: string): Readiness => ({ isReady: false, why })
  if (pod === null) return no('the launcher has not begun')
  if (pod.launcher === 'waiting') return { isReady: true, why: 'waiting for the pod before it' }
  if (!status.running) return no('the agent does not run')
  if (status.version !== imageVersion) {
    return no(`the agent runs ${status.version}, and the image brought ${imageVersion}`)
  }
  if (status.on_probation) return no(`${status.version} has not proved itself yet`)
  return { isReady: true, why: `running ${status.version}` }
}

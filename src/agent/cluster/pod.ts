/**
 * Whether this agent runs in a pod of a cluster, and what the manifest told it there. A file that
 * cannot be read is as good as none that is right: the agent is in a pod all the same, and must not
 * take itself for a machine's.
 */
import { join } from 'node:path'
import { type ClusterFile, clusterFile } from '../../contract/agent/cluster.ts'
import { readJsonFile } from '../json-file.ts'
import type { Layout } from '../layout.ts'

/** Kubernetes, "Accessing the Kubernetes API from a Pod": where each pod finds its account. */
const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

export type Pod = {
  readonly file: ClusterFile
  /** The machine it runs on; empty: the manifest does not say. */
  readonly nodeName: string
  readonly apiUrl: string
  readonly tokenPath: string
  readonly certificatesPath: string
}

/** What a pod's environment says, by the names it has there. */
export type PodEnvironment = Readonly<Record<string, string>>

export const POD_VARIABLES = [
  'NODE_NAME',
  'KUBERNETES_SERVICE_HOST',
  'KUBERNETES_SERVICE_PORT',
] as const

const UNTOLD: ClusterFile = {
  schema: 1,
  cluster_name: '',
  namespace: 'default',
  daemon_set: 'drydock-agent',
  container: 'agent',
}

export function isInPod(layout: Pick<Layout, 'cluster'>): boolean {
  const read = readJsonFile(layout.cluster, clusterFile)
  return read.ok || read.refusal.code !== 'no-such-file'
}

/** Null: on a machine of its own. */
export function readPod(
  layout: Pick<Layout, 'root' | 'cluster'>,
  environment: PodEnvironment,
): Pod | null {
  if (!isInPod(layout)) return null
  const read = readJsonFile(layout.cluster, clusterFile)
  const account = join(layout.root, ACCOUNT_FOLDER)
  return {
    file: read.ok ? read.value : UNTOLD,
    nodeName: (environment.NODE_NAME ?? '').slice(0, 253),
    apiUrl: apiUrlOf(environment),
    tokenPath: join(account, 'token'),
    certificatesPath: join(account, 'ca.crt'),
  }
}

/** By address, so that an agent whose name service is ill finds its cluster all the same. */
function apiUrlOf(environment: PodEnvironment): string {
  const host = environment.KUBERNETES_SERVICE_HOST
  if (host === undefined || host === '') return 'https://kubernetes.default.svc'
  const port = environment.KUBERNETES_SERVICE_PORT ?? '443'
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`
}

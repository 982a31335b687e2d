/** What the objects of one cluster are called, and where things lie in its pods. */
import type { Labels, Metadata } from './api.ts'
import type { ClusterSpec } from './cluster-spec.ts'

export const NAME = 'drydock-agent'
export const CONTAINER = 'agent'
export const ENROLMENT_SECRET = 'drydock-agent-enrolment'
export const PULL_SECRET = 'drydock-agent-pull'
export const CONFIGURATION = 'drydock-agent-configuration'

/** The user of the image: nobody else's on any node, by custom. */
export const USER = 10_001
export const PROGRAM = '/opt/drydock-agent/drydock-agent'
export const ENROLMENT_FILE = '/opt/drydock-agent/enrolment.json'
export const SETTINGS_FOLDER = '/etc/drydock-agent'
export const STATE_FOLDER = '/var/lib/drydock-agent'
export const MACHINE_ID_FILE = '/etc/machine-id'

/** Kubernetes, "Recommended Labels"; these two are what pods are found by, and never change. */
export const LABELS: Labels = {
  'app.kubernetes.io/name': NAME,
  'app.kubernetes.io/part-of': 'drydock',
}

export function clusterWide(name: string): Metadata {
  return { name, labels: LABELS }
}

export function namespaced(spec: Pick<ClusterSpec, 'namespace'>, name: string): Metadata {
  return { name, namespace: spec.namespace, labels: LABELS }
}

/** The constraints are the whole cluster's, so their name says whose they are. */
export function constraintsName(namespace: string): string {
  return `${NAME}-${namespace}`
}

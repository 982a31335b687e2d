/**
 * One pod on each node that may have one. The agent needs none of what such pods commonly get: it
 * is nobody in particular, has no capabilities, sees nothing of the node's processes or network,
 * and writes to one folder. A payload that needs more gets it from the operator.
 */

import { configurationDigest, textsOf } from './_configuration.ts'
import type {
  Container,
  DaemonSet,
  EnvironmentVariable,
  PodSpec,
  Toleration,
  Volume,
  VolumeMount,
} from './api.ts'
import type { ClusterSpec } from './cluster-spec.ts'
import { FLAVOUR_TRAITS } from './flavours.ts'
import {
  CONFIGURATION,
  CONTAINER,
  ENROLMENT_FILE,
  ENROLMENT_SECRET,
  LABELS,
  MACHINE_ID_FILE,
  NAME,
  namespaced,
  PROGRAM,
  PULL_SECRET,
  SETTINGS_FOLDER,
  STATE_FOLDER,
  USER,
} from './names.ts'
import {
  archLabels,
  MASTER_TAINTS,
  PROBE_TIMES,
  RESOURCES,
  SECRET_MODE,
  STATE_ABOVE,
  STATE_SIZE,
  STOP_WITHIN_S,
  selectorOf,
} from './pod.ts'

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
} as const

export function daemonSetOf(spec: ClusterSpec): DaemonSet {
  const annotations = { 'drydock-agent/configuration': configurationDigest(textsOf(spec)) }
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: namespaced(spec, NAME),
    spec: {
      selector: { matchLabels: LABELS },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: rollingUpdate(spec) },
      template: { metadata: { labels: LABELS, annotations }, spec: podSpec(spec) },
    },
  }
}

/**
 * A new pod stands beside the old one until it is ready, unless they would not share their state:
 * they would be one endpoint twice.
 */
function rollingUpdate({ flavour }: ClusterSpec) {
  const isShared = FLAVOUR_TRAITS[flavour].stateFolder !== null
  return isShared ? { maxSurge: 1, maxUnavailable: 0 } : { maxSurge: 0, maxUnavailable: 1 }
}

function podSpec(spec: ClusterSpec): PodSpec {
  const { stateFolder, seLinuxType } = FLAVOUR_TRAITS[spec.flavour]
  const tolerations = tolerationsOf(spec)
  return {
    serviceAccountName: NAME,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    imagePullSecrets: [{ name: PULL_SECRET }],
    terminationGracePeriodSeconds: STOP_WITHIN_S,
    nodeSelector: selectorOf(spec),
    affinity: affinityOf(spec),
    ...(tolerations.length === 0 ? {} : { tolerations }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
      ...(seLinuxType === null ? {} : { seLinuxOptions: { type: seLinuxType } }),
    },
    ...(stateFolder === null ? {} : { initContainers: [stateContainer(spec)] }),
    containers: [agentContainer(spec)],
    volumes: volumesOf(stateFolder),
  }
}

/** A node for which there is no image would get a pod that never starts. */
function affinityOf(spec: ClusterSpec): PodSpec['affinity'] {
  const matchExpressions = [
    { key: 'kubernetes.io/arch', operator: 'In', values: archLabels(spec) },
  ] as const
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
    },
  }
}

function tolerationsOf({ runOnAllNodes, runOnMasterNode }: ClusterSpec): readonly Toleration[] {
  if (runOnAllNodes) return [{ operator: 'Exists' }]
  return runOnMasterNode ? MASTER_TAINTS.map((key) => ({ key, operator: 'Exists' })) : []
}

/**
 * A folder of the node belongs to root when it is made, and no volume of this kind can be given to
 * a group. This container gives it to the agent's user, which is all that it may do, and ends.
 */
function stateContainer({ image }: ClusterSpec): Container {
  return {
    name: 'state',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [PROGRAM, 'give-state', String(USER)],
    resources: RESOURCES,
    securityContext: {
      ...RESTRICTED,
      capabilities: { drop: ['ALL'], add: ['CHOWN'] },
      runAsNonRoot: false,
      runAsUser: 0,
      runAsGroup: 0,
    },
    volumeMounts: [{ name: 'state', mountPath: STATE_FOLDER }],
  }
}

function agentContainer({ image, flavour }: ClusterSpec): Container {
  return {
    name: CONTAINER,
    image,
    imagePullPolicy: 'IfNotPresent',
    env: [fromField('NODE_NAME', 'spec.nodeName')],
    resources: RESOURCES,
    readinessProbe: { exec: { command: [PROGRAM, 'ready'] }, ...PROBE_TIMES },
    securityContext: { ...RESTRICTED, capabilities: { drop: ['ALL'] } },
    volumeMounts: mountsOf(FLAVOUR_TRAITS[flavour].stateFolder),
  }
}

function fromField(name: string, fieldPath: string): EnvironmentVariable {
  return { name, valueFrom: { fieldRef: { fieldPath } } }
}

function mountsOf(stateFolder: string | null): readonly VolumeMount[] {
  const common: readonly VolumeMount[] = [
    // The folder is the image's: only this file of it is the distribution's.
    {
      name: 'enrolment',
      mountPath: ENROLMENT_FILE,
      subPath: 'enrolment.json',
      readOnly: true,
    },
    { name: 'configuration', mountPath: SETTINGS_FOLDER, readOnly: true },
  ]
  if (stateFolder === null) return [...common, { name: 'state', mountPath: STATE_ABOVE }]
  return [
    ...common,
    { name: 'state', mountPath: STATE_FOLDER },
    { name: 'machine-id', mountPath: MACHINE_ID_FILE, readOnly: true },
  ]
}

function volumesOf(stateFolder: string | null): readonly Volume[] {
  const common: readonly Volume[] = [
    { name: 'enrolment', secret: { secretName: ENROLMENT_SECRET, defaultMode: SECRET_MODE } },
    { name: 'configuration', configMap: { name: CONFIGURATION } },
  ]
  if (stateFolder === null) {
    return [...common, { name: 'state', emptyDir: { sizeLimit: STATE_SIZE } }]
  }
  return [
    ...common,
    { name: 'state', hostPath: { path: stateFolder, type: 'DirectoryOrCreate' } },
    // By it a node that was installed anew, or lost its state, is the same endpoint again.
    { name: 'machine-id', hostPath: { path: MACHINE_ID_FILE, type: 'File' } },
  ]
}

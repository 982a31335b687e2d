/** Of every pod, whoever writes it down: the manifest or the chart. */
import type { Labels } from './api.ts'
import type { ClusterSpec } from './cluster-spec.ts'

/** As the original's: an agent stops in 5 s, its payload has its own time before that. */
export const STOP_WITHIN_S = 90
/** Launcher and agent take 60 MiB together, and the probe a third process for a moment. */
export const RESOURCES = {
  requests: { cpu: '10m', memory: '96Mi', 'ephemeral-storage': '64Mi' },
  limits: { memory: '256Mi', 'ephemeral-storage': '1Gi' },
} as const
export const PROBE_TIMES = { periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 3 } as const
/** 0440: the agent reads it as a member of the pod's group. */
export const SECRET_MODE = 0o440
export const STATE_SIZE = '1Gi'
/** Where nothing of the node is there: the agent makes its folder below, which is then its own. */
export const STATE_ABOVE = '/var/lib'
/** kubeadm's taints of nodes with a control plane, by its new name and by its old one. */
export const MASTER_TAINTS = [
  'node-role.kubernetes.io/control-plane',
  'node-role.kubernetes.io/master',
] as const
/** Kubernetes, "Well-Known Labels", as Go calls processors. */
const ARCH_LABELS = { x64: 'amd64', arm64: 'arm64' } as const

export function selectorOf({ nodeSelector }: Pick<ClusterSpec, 'nodeSelector'>): Labels {
  return { 'kubernetes.io/os': 'linux', ...nodeSelector }
}

export function archLabels({ arches }: Pick<ClusterSpec, 'arches'>): readonly string[] {
  return arches.map((arch) => ARCH_LABELS[arch])
}

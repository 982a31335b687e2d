/**
 * What the agent may do in the cluster: nothing but move its own daemon set to another image, and
 * look at its pods meanwhile. That stands in a role of its own, so that an operator may leave it
 * out: the agent works without, and upgrades are refused with a reason.
 */
import type {
  KubernetesObject,
  Namespace,
  Role,
  RoleBinding,
  SecurityContextConstraints,
  ServiceAccount,
} from './api.ts'
import type { ClusterSpec } from './cluster-spec.ts'
import { FLAVOUR_TRAITS } from './flavours.ts'
import { clusterWide, constraintsName, NAME, namespaced } from './names.ts'
import { ownsNamespace } from './namespace.ts'
import { UPGRADE_PURPOSE, UPGRADE_ROLE, UPGRADE_RULES } from './upgrade-role.ts'

/** In the order in which they are needed. */
export function accessObjects(spec: ClusterSpec): readonly KubernetesObject[] {
  return [
    ...(ownsNamespace(spec.namespace) ? [namespaceOf(spec)] : []),
    accountOf(spec),
    ...(spec.flavour === 'openshift' ? [constraintsOf(spec)] : []),
    roleOf(spec),
    bindingOf(spec),
  ]
}

/**
 * Kubernetes, "Pod Security Standards": a volume of the node is beyond `baseline`, whatever the pod
 * does with it. Without one our pods keep to the strictest level.
 */
export function securityLevel(spec: Pick<ClusterSpec, 'flavour'>): 'privileged' | 'restricted' {
  return FLAVOUR_TRAITS[spec.flavour].stateFolder === null ? 'restricted' : 'privileged'
}

function namespaceOf(spec: ClusterSpec): Namespace {
  const metadata = clusterWide(spec.namespace)
  const labels = {
    ...metadata.labels,
    'pod-security.kubernetes.io/enforce': securityLevel(spec),
    // OpenShift, "Pod security admission": it would set the level itself.
    ...(spec.flavour === 'openshift'
      ? { 'security.openshift.io/scc.podSecurityLabelSync': 'false' }
      : {}),
  }
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { ...metadata, labels } }
}

function accountOf(spec: ClusterSpec): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: namespaced(spec, NAME),
    // The daemon set asks for it; what else would run as this account does not get it.
    automountServiceAccountToken: false,
  }
}

function roleOf(spec: ClusterSpec): Role {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: {
      ...namespaced(spec, UPGRADE_ROLE),
      annotations: { 'drydock-agent/purpose': UPGRADE_PURPOSE },
    },
    rules: UPGRADE_RULES,
  }
}

function bindingOf(spec: ClusterSpec): RoleBinding {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: namespaced(spec, UPGRADE_ROLE),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: UPGRADE_ROLE },
    subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: spec.namespace }],
  }
}

/** Exactly what the daemon set asks for, and for its account alone. */
function constraintsOf(spec: ClusterSpec): SecurityContextConstraints {
  return {
    apiVersion: 'security.openshift.io/v1',
    kind: 'SecurityContextConstraints',
    metadata: clusterWide(constraintsName(spec.namespace)),
    allowHostDirVolumePlugin: true,
    allowHostIPC: false,
    allowHostNetwork: false,
    allowHostPID: false,
    allowHostPorts: false,
    allowPrivilegeEscalation: false,
    allowPrivilegedContainer: false,
    // One container gives the state folder to the agent's user, and ends.
    allowedCapabilities: ['CHOWN'],
    readOnlyRootFilesystem: true,
    requiredDropCapabilities: [],
    runAsUser: { type: 'RunAsAny' },
    seLinuxContext: { type: 'RunAsAny' },
    fsGroup: { type: 'RunAsAny' },
    supplementalGroups: { type: 'RunAsAny' },
    seccompProfiles: ['runtime/default'],
    users: [`system:serviceaccount:${spec.namespace}:${NAME}`],
    groups: [],
    volumes: ['configMap', 'hostPath', 'projected', 'secret'],
  }
}

/**
 * What we use of the Kubernetes API, and no more: a field that is misspelt, or that stands in the
 * wrong place, does not compile. The API server drops what it does not know without a word. Names
 * are those of the API reference (1.22 and later, which knows `maxSurge` of a daemon set).
 */

export type Labels = Readonly<Record<string, string>>

export type Metadata = {
  readonly name: string
  readonly namespace?: string
  readonly labels: Labels
  readonly annotations?: Labels
}

export type Namespace = {
  readonly apiVersion: 'v1'
  readonly kind: 'Namespace'
  readonly metadata: Metadata
}

export type ServiceAccount = {
  readonly apiVersion: 'v1'
  readonly kind: 'ServiceAccount'
  readonly metadata: Metadata
  readonly automountServiceAccountToken: boolean
}

export type Rule = {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly ('get' | 'list' | 'patch')[]
}

export type Role = {
  readonly apiVersion: 'rbac.authorization.k8s.io/v1'
  readonly kind: 'Role'
  readonly metadata: Metadata
  readonly rules: readonly Rule[]
}

export type RoleBinding = {
  readonly apiVersion: 'rbac.authorization.k8s.io/v1'
  readonly kind: 'RoleBinding'
  readonly metadata: Metadata
  readonly roleRef: {
    readonly apiGroup: 'rbac.authorization.k8s.io'
    readonly kind: 'Role'
    readonly name: string
  }
  readonly subjects: readonly {
    readonly kind: 'ServiceAccount'
    readonly name: string
    readonly namespace: string
  }[]
}

export type Secret = {
  readonly apiVersion: 'v1'
  readonly kind: 'Secret'
  readonly metadata: Metadata
  readonly type: 'Opaque' | 'kubernetes.io/dockerconfigjson'
  /** Base64. */
  readonly data: Labels
}

export type ConfigMap = {
  readonly apiVersion: 'v1'
  readonly kind: 'ConfigMap'
  readonly metadata: Metadata
  readonly data: Labels
}

type RunAsAny = { readonly type: 'RunAsAny' }

/** OpenShift, "Security context constraints": who may run pods with which rights. */
export type SecurityContextConstraints = {
  readonly apiVersion: 'security.openshift.io/v1'
  readonly kind: 'SecurityContextConstraints'
  readonly metadata: Metadata
  readonly allowHostDirVolumePlugin: boolean
  readonly allowHostIPC: boolean
  readonly allowHostNetwork: boolean
  readonly allowHostPID: boolean
  readonly allowHostPorts: boolean
  readonly allowPrivilegeEscalation: boolean
  readonly allowPrivilegedContainer: boolean
  readonly allowedCapabilities: readonly string[]
  readonly readOnlyRootFilesystem: boolean
  readonly requiredDropCapabilities: readonly string[]
  readonly runAsUser: RunAsAny
  readonly seLinuxContext: RunAsAny
  readonly fsGroup: RunAsAny
  readonly supplementalGroups: RunAsAny
  readonly seccompProfiles: readonly string[]
  readonly users: readonly string[]
  readonly groups: readonly string[]
  readonly volumes: readonly string[]
}

export type DaemonSet = {
  readonly apiVersion: 'apps/v1'
  readonly kind: 'DaemonSet'
  readonly metadata: Metadata
  readonly spec: {
    readonly selector: { readonly matchLabels: Labels }
    readonly updateStrategy: {
      readonly type: 'RollingUpdate'
      readonly rollingUpdate: { readonly maxSurge: number; readonly maxUnavailable: number }
    }
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Labels }
      readonly spec: PodSpec
    }
  }
}

export type PodSpec = {
  readonly serviceAccountName: string
  readonly automountServiceAccountToken: boolean
  readonly enableServiceLinks: boolean
  readonly imagePullSecrets: readonly { readonly name: string }[]
  readonly terminationGracePeriodSeconds: number
  readonly nodeSelector: Labels
  readonly affinity: {
    readonly nodeAffinity: {
      readonly requiredDuringSchedulingIgnoredDuringExecution: {
        readonly nodeSelectorTerms: readonly {
          readonly matchExpressions: readonly {
            readonly key: string
            readonly operator: 'In'
            readonly values: readonly string[]
          }[]
        }[]
      }
    }
  }
  readonly tolerations?: readonly Toleration[]
  readonly securityContext: {
    readonly runAsNonRoot: boolean
    readonly runAsUser: number
    readonly runAsGroup: number
    readonly fsGroup: number
    readonly seccompProfile: { readonly type: 'RuntimeDefault' }
    readonly seLinuxOptions?: { readonly type: string }
  }
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: readonly Volume[]
}

/** Without a key: whatever the taint; without an effect: each of them. */
export type Toleration = { readonly key?: string; readonly operator: 'Exists' }

export type Container = {
  readonly name: string
  readonly image: string
  readonly imagePullPolicy: 'IfNotPresent'
  readonly command?: readonly string[]
  readonly env?: readonly EnvironmentVariable[]
  readonly resources: { readonly requests: Labels; readonly limits: Labels }
  readonly readinessProbe?: {
    readonly exec: { readonly command: readonly string[] }
    readonly periodSeconds: number
    readonly timeoutSeconds: number
    readonly failureThreshold: number
  }
  readonly securityContext: {
    readonly allowPrivilegeEscalation: false
    readonly readOnlyRootFilesystem: true
    readonly capabilities: { readonly drop: readonly ['ALL']; readonly add?: readonly string[] }
    readonly runAsNonRoot?: boolean
    readonly runAsUser?: number
    readonly runAsGroup?: number
  }
  readonly volumeMounts: readonly VolumeMount[]
}

export type EnvironmentVariable = {
  readonly name: string
  readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } }
}

export type VolumeMount = {
  readonly name: string
  readonly mountPath: string
  readonly subPath?: string
  readonly readOnly?: boolean
}

export type Volume = { readonly name: string } & (
  | { readonly secret: { readonly secretName: string; readonly defaultMode: number } }
  | { readonly configMap: { readonly name: string } }
  | {
      readonly hostPath: {
        readonly path: string
        readonly type: 'DirectoryOrCreate' | 'File'
      }
    }
  | { readonly emptyDir: { readonly sizeLimit: string } }
)

export type KubernetesObject =
  | Namespace
  | ServiceAccount
  | Role
  | RoleBinding
  | Secret
  | ConfigMap
  | SecurityContextConstraints
  | DaemonSet

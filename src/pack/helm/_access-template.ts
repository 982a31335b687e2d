/** Namespace, account, constraints and role, as src/pack/kubernetes/_access.ts has them. */
import { NAME } from '../kubernetes/names.ts'
import { UPGRADE_PURPOSE, UPGRADE_ROLE, UPGRADE_RULES } from '../kubernetes/upgrade-role.ts'
import { indentedYaml } from './_indented-yaml.ts'

export const ACCESS = `\
{{- $namespace := include "${NAME}.namespace" . }}
{{- $payload := .Values.payload }}
{{- /* One that this release is installed into is there before it. */ -}}
{{- if and .Values.namespace.create (ne $namespace .Release.Namespace) }}
{{- $asRoot := eq (int $payload.runAsUser) 0 }}
{{- $ofNode := or $payload.hostNetwork $payload.hostPID $payload.volumes }}
{{- $ofNode = or $ofNode (include "${NAME}.stateFolder" .) $payload.capabilities $asRoot }}
apiVersion: v1
kind: Namespace
metadata:
  name: {{ $namespace | toRawJson }}
  labels:
    {{- include "${NAME}.labels" . | nindent 4 }}
    pod-security.kubernetes.io/enforce: {{ if $ofNode }}privileged{{ else }}restricted{{ end }}
    {{- if eq .Values.flavour "openshift" }}
    security.openshift.io/scc.podSecurityLabelSync: "false"
    {{- end }}
---
{{- end }}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "${NAME}.metadata" (list . "${NAME}") | nindent 2 }}
automountServiceAccountToken: false
{{- if eq .Values.flavour "openshift" }}
---
apiVersion: security.openshift.io/v1
kind: SecurityContextConstraints
metadata:
  name: {{ printf "${NAME}-%s" $namespace | toRawJson }}
  labels:
    {{- include "${NAME}.labels" . | nindent 4 }}
allowHostDirVolumePlugin: true
allowHostIPC: false
allowHostNetwork: {{ $payload.hostNetwork }}
allowHostPID: {{ $payload.hostPID }}
allowHostPorts: {{ $payload.hostNetwork }}
allowPrivilegeEscalation: false
allowPrivilegedContainer: false
allowedCapabilities:
  {{- concat (list "CHOWN") $payload.capabilities | uniq | toYaml | nindent 2 }}
readOnlyRootFilesystem: true
requiredDropCapabilities: []
runAsUser:
  type: RunAsAny
seLinuxContext:
  type: RunAsAny
fsGroup:
  type: RunAsAny
supplementalGroups:
  type: RunAsAny
seccompProfiles:
  - runtime/default
users:
  - {{ printf "system:serviceaccount:%s:${NAME}" $namespace | toRawJson }}
groups: []
volumes:
  - configMap
  - hostPath
  - projected
  - secret
{{- end }}
{{- if .Values.upgrades }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  {{- include "${NAME}.metadata" (list . "${UPGRADE_ROLE}") | nindent 2 }}
  annotations:
    drydock-agent/purpose: ${UPGRADE_PURPOSE}
rules:
${indentedYaml(UPGRADE_RULES, 2)}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  {{- include "${NAME}.metadata" (list . "${UPGRADE_ROLE}") | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: ${UPGRADE_ROLE}
subjects:
  - kind: ServiceAccount
    name: ${NAME}
    namespace: {{ $namespace | toRawJson }}
{{- end }}
`

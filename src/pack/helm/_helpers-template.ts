/** What the templates of the chart share. */
import { FLAVOUR_TRAITS, FLAVOURS } from '../kubernetes/flavours.ts'
import { CONTAINER, ENROLMENT_SECRET, LABELS, NAME, PULL_SECRET } from '../kubernetes/names.ts'
import { MASTER_TAINTS } from '../kubernetes/pod.ts'
import { toYaml } from '../kubernetes/yaml.ts'

/** A table of the flavours as a dict of the template language. */
function byFlavour(trait: 'stateFolder' | 'seLinuxType'): string {
  const rows = FLAVOURS.map((name) => `"${name}" "${FLAVOUR_TRAITS[name][trait] ?? ''}"`)
  return `get (dict ${rows.join(' ')}) .Values.flavour`
}

export const HELPERS = `\
{{- define "${NAME}.namespace" -}}
{{- .Values.namespace.name | default .Release.Namespace -}}
{{- end }}

{{- define "${NAME}.labels" -}}
${toYaml(LABELS).trimEnd()}
{{- end }}

{{- /* Takes a list: the top, and the object's name. */ -}}
{{- define "${NAME}.metadata" -}}
name: {{ index . 1 }}
namespace: {{ include "${NAME}.namespace" (index . 0) | toRawJson }}
labels:
  {{- include "${NAME}.labels" (index . 0) | nindent 2 }}
{{- end }}

{{- /* Where a node keeps the agent's state; empty: nowhere. */ -}}
{{- define "${NAME}.stateFolder" -}}
{{- ${byFlavour('stateFolder')} -}}
{{- end }}

{{- define "${NAME}.seLinuxType" -}}
{{- .Values.seLinuxType | default (${byFlavour('seLinuxType')}) -}}
{{- end }}

{{- define "${NAME}.enrolmentSecret" -}}
{{- .Values.enrolment.existingSecret | default "${ENROLMENT_SECRET}" -}}
{{- end }}

{{- define "${NAME}.pullSecret" -}}
{{- .Values.pullSecret.existingSecret | default "${PULL_SECRET}" -}}
{{- end }}

{{- define "${NAME}.enrolment" -}}
{{- $keys := list -}}
{{- range .Values.enrolment.trustedKeys -}}
{{- $keys = append $keys (dict "key_id" .keyId "public_key" .publicKey) -}}
{{- end -}}
{{- dict
  "schema" 1
  "server_url" .Values.enrolment.serverUrl
  "distribution_id" .Values.enrolment.distributionId
  "token" .Values.enrolment.token
  "trusted_keys" $keys
  "proxy" list
  "endpoint_tags" list
| toRawJson -}}
{{- end }}

{{- define "${NAME}.agent" -}}
{{- dict "proxy" .Values.proxy "endpoint_tags" .Values.endpointTags | toRawJson -}}
{{- end }}

{{- define "${NAME}.cluster" -}}
{{- dict
  "schema" 1
  "cluster_name" .Values.clusterName
  "namespace" (include "${NAME}.namespace" .)
  "daemon_set" "${NAME}"
  "container" "${CONTAINER}"
| toRawJson -}}
{{- end }}

{{- define "${NAME}.configuration" -}}
{{- $settings := list (include "${NAME}.agent" .) (include "${NAME}.cluster" .) -}}
{{- prepend $settings (include "${NAME}.enrolment" .) | join "\\n" | sha256sum -}}
{{- end }}

{{- define "${NAME}.tolerations" -}}
{{- if .Values.runOnAllNodes }}
- operator: Exists
{{- else if .Values.runOnMasterNode }}
${MASTER_TAINTS.map((key) => `- key: ${key}\n  operator: Exists`).join('\n')}
{{- end }}
{{- with .Values.tolerations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "${NAME}.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
{{- end }}
`

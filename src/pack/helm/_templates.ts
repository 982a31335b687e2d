/**
 * The templates of the chart (Helm, "Chart Template Guide"). They are the same for every
 * distribution; what differs stands in values.yaml. With the values of an order they give the
 * objects of its manifest: a test renders both with Go's own template package and compares.
 *
 * Texts of the values reach YAML as JSON or through toYaml, never bare.
 */
import { NAME } from '../kubernetes/names.ts'
import { ACCESS } from './_access-template.ts'
import { CONFIGURATION_OBJECTS } from './_configuration-template.ts'
import { DAEMON_SET } from './_daemon-set-template.ts'
import { HELPERS } from './_helpers-template.ts'

const NOTES = `\
{{- $namespace := include "${NAME}.namespace" . -}}
The agent is being started on each node that may have one:

  kubectl --namespace {{ $namespace }} rollout status daemonset/${NAME}

Its endpoints appear in Drydock at {{ .Values.enrolment.serverUrl }}.
{{- if not .Values.upgrades }}

Upgrades that are ordered there are refused (cluster-upgrade-not-granted): upgrades is false.
{{- end }}
{{- if eq .Values.flavour "gke_autopilot" }}

Nothing is kept on nodes of this flavour: after its pod was replaced, an agent enrols again
{{- if .Values.upgrades }} as the
same endpoint{{ else }}, and is
another endpoint (upgrades is false, so it cannot read its daemon set){{ end }}.
{{- end }}
{{- if eq $namespace .Release.Namespace }}

The namespace {{ $namespace }} was there before, and keeps its labels. Where pods are held to a
level of the Pod Security Standards, it needs pod-security.kubernetes.io/enforce=privileged for the
folder of the node that keeps the agent's state.
{{- end }}
`

/** Paths in the chart's folder. */
export const TEMPLATES: readonly (readonly [string, string])[] = [
  ['templates/NOTES.txt', NOTES],
  ['templates/_helpers.tpl', HELPERS],
  ['templates/access.yaml', ACCESS],
  ['templates/configuration.yaml', CONFIGURATION_OBJECTS],
  ['templates/daemon-set.yaml', DAEMON_SET],
]

/** Secrets and configuration, as src/pack/kubernetes/_configuration.ts has them. */
import { CONFIGURATION, ENROLMENT_SECRET, NAME, PULL_SECRET } from '../kubernetes/names.ts'

export const CONFIGURATION_OBJECTS = `\
{{- if not .Values.enrolment.existingSecret }}
apiVersion: v1
kind: Secret
metadata:
  {{- include "${NAME}.metadata" (list . "${ENROLMENT_SECRET}") | nindent 2 }}
type: Opaque
data:
  enrolment.json: {{ include "${NAME}.enrolment" . | b64enc }}
---
{{- end }}
{{- if not .Values.pullSecret.existingSecret }}
apiVersion: v1
kind: Secret
metadata:
  {{- include "${NAME}.metadata" (list . "${PULL_SECRET}") | nindent 2 }}
type: kubernetes.io/dockerconfigjson
data:
  .dockerconfigjson: {{ .Values.pullSecret.dockerConfig | b64enc }}
---
{{- end }}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "${NAME}.metadata" (list . "${CONFIGURATION}") | nindent 2 }}
data:
  agent.json: {{ include "${NAME}.agent" . | toRawJson }}
  cluster.json: {{ include "${NAME}.cluster" . | toRawJson }}
`

/** The daemon set, as src/pack/kubernetes/_daemon-set.ts has it. */
import {
  CONFIGURATION,
  CONTAINER,
  ENROLMENT_FILE,
  MACHINE_ID_FILE,
  NAME,
  PROGRAM,
  SETTINGS_FOLDER,
  STATE_FOLDER,
} from '../kubernetes/names.ts'
import {
  PROBE_TIMES,
  SECRET_MODE,
  STATE_ABOVE,
  STATE_SIZE,
  STOP_WITHIN_S,
} from '../kubernetes/pod.ts'
import { indentedYaml } from './_indented-yaml.ts'

export const DAEMON_SET = `\
{{- $stateFolder := include "${NAME}.stateFolder" . }}
{{- $payload := .Values.payload }}
apiVersion: apps/v1
kind: DaemonSet
metadata:
  {{- include "${NAME}.metadata" (list . "${NAME}") | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- include "${NAME}.labels" . | nindent 6 }}
  updateStrategy:
    type: RollingUpdate
    rollingUpdate:
      {{- /* Two pods of one node that do not share their state would be one endpoint twice. */}}
      maxSurge: {{ if $stateFolder }}1{{ else }}0{{ end }}
      maxUnavailable: {{ if $stateFolder }}0{{ else }}1{{ end }}
  template:
    metadata:
      labels:
        {{- include "${NAME}.labels" . | nindent 8 }}
      annotations:
        drydock-agent/configuration: {{ include "${NAME}.configuration" . | toRawJson }}
    spec:
      serviceAccountName: ${NAME}
      automountServiceAccountToken: {{ .Values.upgrades }}
      enableServiceLinks: false
      imagePullSecrets:
        - name: {{ include "${NAME}.pullSecret" . | toRawJson }}
      terminationGracePeriodSeconds: ${STOP_WITHIN_S}
      {{- if $payload.hostNetwork }}
      hostNetwork: true
      dnsPolicy: ClusterFirstWithHostNet
      {{- end }}
      {{- if $payload.hostPID }}
      hostPID: true
      {{- end }}
      {{- with .Values.priorityClassName }}
      priorityClassName: {{ . | toRawJson }}
      {{- end }}
      nodeSelector:
        {{- toYaml .Values.nodeSelector | nindent 8 }}
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions:
                  - key: kubernetes.io/arch
                    operator: In
                    values:
                      {{- toYaml .Values.image.architectures | nindent 22 }}
      {{- with include "${NAME}.tolerations" . | trim }}
      tolerations:
        {{- . | nindent 8 }}
      {{- end }}
      securityContext:
        runAsNonRoot: {{ ne (int $payload.runAsUser) 0 }}
        runAsUser: {{ int $payload.runAsUser }}
        runAsGroup: {{ int $payload.runAsUser }}
        fsGroup: {{ int $payload.runAsUser }}
        seccompProfile:
          type: RuntimeDefault
        {{- with include "${NAME}.seLinuxType" . }}
        seLinuxOptions:
          type: {{ . | toRawJson }}
        {{- end }}
      {{- if $stateFolder }}
      initContainers:
        - name: state
          image: {{ .Values.image.reference | toRawJson }}
          imagePullPolicy: IfNotPresent
          command:
            - ${PROGRAM}
            - give-state
            - {{ int $payload.runAsUser | toString | toRawJson }}
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
          securityContext:
            {{- include "${NAME}.restricted" . | nindent 12 }}
            capabilities:
              drop:
                - ALL
              add:
                - CHOWN
            runAsNonRoot: false
            runAsUser: 0
            runAsGroup: 0
          volumeMounts:
            - name: state
              mountPath: ${STATE_FOLDER}
      {{- end }}
      containers:
        - name: ${CONTAINER}
          image: {{ .Values.image.reference | toRawJson }}
          imagePullPolicy: IfNotPresent
          env:
            - name: NODE_NAME
              valueFrom:
                fieldRef:
                  fieldPath: spec.nodeName
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
          readinessProbe:
            exec:
              command:
                - ${PROGRAM}
                - ready
${indentedYaml(PROBE_TIMES, 12)}
          securityContext:
            {{- include "${NAME}.restricted" . | nindent 12 }}
            capabilities:
              drop:
                - ALL
              {{- with $payload.capabilities }}
              add:
                {{- toYaml . | nindent 16 }}
              {{- end }}
          volumeMounts:
            - name: enrolment
              mountPath: ${ENROLMENT_FILE}
              subPath: enrolment.json
              readOnly: true
            - name: configuration
              mountPath: ${SETTINGS_FOLDER}
              readOnly: true
            - name: state
              mountPath: {{ if $stateFolder }}${STATE_FOLDER}{{ else }}${STATE_ABOVE}{{ end }}
            {{- if $stateFolder }}
            - name: machine-id
              mountPath: ${MACHINE_ID_FILE}
              readOnly: true
            {{- end }}
            {{- with $payload.volumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - name: enrolment
          secret:
            secretName: {{ include "${NAME}.enrolmentSecret" . | toRawJson }}
            defaultMode: ${SECRET_MODE}
        - name: configuration
          configMap:
            name: ${CONFIGURATION}
        {{- if $stateFolder }}
        - name: state
          hostPath:
            path: {{ $stateFolder }}
            type: DirectoryOrCreate
        - name: machine-id
          hostPath:
            path: ${MACHINE_ID_FILE}
            type: File
        {{- else }}
        - name: state
          emptyDir:
            sizeLimit: ${STATE_SIZE}
        {{- end }}
        {{- with $payload.volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
`

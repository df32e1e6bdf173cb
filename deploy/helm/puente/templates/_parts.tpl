{{- define "puente.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "puente.selector" -}}
app.kubernetes.io/name: puente
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "puente.labels" -}}
{{ include "puente.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "puente.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{- define "puente.secret" -}}
{{- default (include "puente.name" .) .Values.existingSecret -}}
{{- end -}}

{{- /* One secret of the Secret as an environment variable. */ -}}
{{- define "puente.secretEnv" -}}
- name: PUENTE_{{ .key | upper | replace "-" "_" }}
  valueFrom:
    secretKeyRef: {name: {{ .secret }}, key: {{ .key }}}
{{- end -}}

{{- define "puente.pod" -}}
{{- $host := eq .Values.mode "hostNetwork" -}}
metadata:
  labels:
    {{- include "puente.labels" . | nindent 4 }}
  annotations:
    # Other settings are other pods.
    puente/settings: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
    # A proxy of a service mesh carries no relayed UDP.
    sidecar.istio.io/inject: "false"
    linkerd.io/inject: disabled
    {{- with .Values.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  serviceAccountName: {{ include "puente.name" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- if $host }}
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  {{- end }}
  # The drain, then an orderly stop.
  terminationGracePeriodSeconds: {{ add .Values.drainSeconds 60 }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.affinity }}
  affinity: {{ toYaml .Values.affinity | nindent 4 }}
  {{- else if not $host }}
  affinity:
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
        - weight: 100
          podAffinityTerm:
            topologyKey: kubernetes.io/hostname
            labelSelector:
              matchLabels: {{ include "puente.selector" . | nindent 16 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile: {type: RuntimeDefault}
  {{- if and $host .Values.stateHostPath }}
  initContainers:
    # A directory of the host is root's at first.
    - name: state
      image: {{ include "puente.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command: [sh, -c, "chown 65532:65532 /var/lib/puente && chmod 700 /var/lib/puente"]
      securityContext:
        runAsNonRoot: false
        runAsUser: 0
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL], add: [CHOWN, FOWNER]}
      resources:
        requests: {cpu: 10m, memory: 16Mi}
        limits: {memory: 64Mi}
      volumeMounts:
        - {name: state, mountPath: /var/lib/puente}
  {{- end }}
  containers:
    - name: puente
      image: {{ include "puente.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve, -c, /etc/puente/turnserver.conf]
      env:
        - name: PUENTE_NODE_ID
          valueFrom: {fieldRef: {fieldPath: {{ $host | ternary "spec.nodeName" "metadata.name" }}}}
        - name: PUENTE_CLUSTER_IP
          valueFrom: {fieldRef: {fieldPath: status.podIP}}
        {{- range list "cluster-secret" "static-auth-secret" "stateless-nonce-secret" "admin-token" }}
        {{- include "puente.secretEnv" (dict "key" . "secret" (include "puente.secret" $)) | nindent 8 }}
        {{- end }}
      ports:
        - {name: turn-udp, containerPort: {{ .Values.ports.turn }}, protocol: UDP}
        - {name: turn-tcp, containerPort: {{ .Values.ports.turn }}, protocol: TCP}
        - {name: turns-udp, containerPort: {{ .Values.ports.turnTls }}, protocol: UDP}
        - {name: turns-tcp, containerPort: {{ .Values.ports.turnTls }}, protocol: TCP}
        - {name: http, containerPort: {{ .Values.ports.http }}, protocol: TCP}
        {{- if .Values.tlsSecret }}
        - {name: https, containerPort: {{ .Values.ports.https }}, protocol: TCP}
        {{- end }}
        - {name: admin, containerPort: {{ .Values.ports.admin }}, protocol: TCP}
        - {name: cluster, containerPort: {{ .Values.ports.cluster }}, protocol: TCP}
        - {name: cluster-udp, containerPort: {{ .Values.ports.cluster }}, protocol: UDP}
      startupProbe:
        httpGet: {path: /healthz, port: admin}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /healthz, port: admin}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      readinessProbe:
        httpGet: {path: /readyz, port: admin}
        periodSeconds: 5
        timeoutSeconds: 5
      lifecycle:
        preStop:
          # New clients go to other nodes from here on; SIGTERM comes when the last allocation has ended.
          exec:
            command: [puente, drain, --wait, --deadline, {{ .Values.drainSeconds }}s, --reason, the pod ends, --admin, "http://127.0.0.1:{{ .Values.ports.admin }}"]
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      resources: {{ toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - {name: settings, mountPath: /etc/puente, readOnly: true}
        - {name: state, mountPath: /var/lib/puente}
        - {name: tmp, mountPath: /tmp}
        {{- if .Values.tlsSecret }}
        - {name: tls, mountPath: /etc/puente-tls, readOnly: true}
        {{- end }}
  volumes:
    - name: settings
      configMap: {name: {{ include "puente.name" . }}}
    {{- if not .Values.persistence.enabled }}
    - name: state
      {{- if and $host .Values.stateHostPath }}
      hostPath: {path: {{ .Values.stateHostPath }}, type: DirectoryOrCreate}
      {{- else }}
      emptyDir: {}
      {{- end }}
    {{- end }}
    - name: tmp
      emptyDir: {}
    {{- if .Values.tlsSecret }}
    - name: tls
      secret: {secretName: {{ .Values.tlsSecret }}}
    {{- end }}
{{- end -}}

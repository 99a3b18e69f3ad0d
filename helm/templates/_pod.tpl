{{/*
The pod of every workload: one hardened container of the image, with the configuration and the secrets as files. Takes a dict:
  root       the chart's
  component  its name: bridge, deliver, topics or doctor
  args       of the command, --config apart
  serves     true: it listens, and is probed on the admin port
  spool      true: the volume "spool" is there
  mounts     of secrets and configuration: a list of (list NAME KIND OF), a volume of that kind (secret, configMap) in /etc/qlik-bridge/NAME
  resources, serviceAccount
*/}}
{{- define "qlik-bridge.pod" -}}
{{- $v := .root.Values -}}
serviceAccountName: {{ .serviceAccount }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $v.terminationGracePeriodSeconds }}
securityContext: {{- toYaml $v.podSecurityContext | nindent 2 }}
{{- with $v.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- range $key := list "imagePullSecrets" "nodeSelector" "tolerations" "affinity" }}
{{- with index $v $key }}
{{ $key }}: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- if .serves }}
topologySpreadConstraints:
{{- with $v.topologySpreadConstraints }}
  {{- toYaml . | nindent 2 }}
{{- else }}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels: {{- include "qlik-bridge.selector" (list $.root $.component) | nindent 8 }}
{{- end }}
{{- end }}
{{- end }}
containers:
  - name: {{ .component }}
    image: {{ printf "%s:%s" $v.image.repository (default .root.Chart.AppVersion $v.image.tag) }}
    imagePullPolicy: {{ $v.image.pullPolicy }}
    args: {{ append .args "--config=/etc/qlik-bridge/config/config.yaml" | toJson }}
    env:
      - {name: QLIK_BRIDGE_LISTEN, value: ":8080"}
      - {name: QLIK_BRIDGE_ADMIN_LISTEN, value: ":9090"}
      - {name: QLIK_BRIDGE_SPOOL_ENABLED, value: {{ .spool | toString | quote }}}
      {{- if .spool }}
      - {name: QLIK_BRIDGE_SPOOL_DIR, value: /spool}
      {{- end }}
      {{- with $v.signing.key }}
      - {name: QLIK_BRIDGE_SECRETS_FILE, value: {{ printf "/etc/qlik-bridge/signing/%s" . }}}
      {{- end }}
      {{- with $v.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- if .serves }}
    ports:
      {{- if eq .component "bridge" }}
      - {name: http, containerPort: 8080}
      {{- end }}
      - {name: admin, containerPort: 9090}
    # A spool of a gigabyte takes seconds to read before the port answers.
    startupProbe: {httpGet: {path: /livez, port: admin}, periodSeconds: 1, failureThreshold: 120}
    livenessProbe: {httpGet: {path: /livez, port: admin}, periodSeconds: 10, timeoutSeconds: 5}
    readinessProbe: {httpGet: {path: /readyz, port: admin}, periodSeconds: 2, timeoutSeconds: 2}
    {{- end }}
    resources: {{- toYaml .resources | nindent 6 }}
    securityContext: {{- toYaml $v.securityContext | nindent 6 }}
    volumeMounts:
      {{- range .mounts }}
      - {name: {{ index . 0 }}, mountPath: /etc/qlik-bridge/{{ index . 0 }}, readOnly: true}
      {{- end }}
      {{- if .spool }}
      - {name: spool, mountPath: /spool}
      {{- end }}
      {{- with $v.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  {{- range .mounts }}
  - name: {{ index . 0 }}
    {{- if eq (index . 1) "secret" }}
    secret: {secretName: {{ index . 2 }}, defaultMode: 0440}
    {{- else }}
    configMap: {name: {{ index . 2 }}}
    {{- end }}
  {{- end }}
  {{- with $v.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* The mounts of whoever speaks to Kafka: takes (list root CONFIGMAP), gives {mounts: […]}. */}}
{{- define "qlik-bridge.kafkaMounts" -}}
{{- $mounts := list (list "config" "configMap" (index . 1)) -}}
{{- with (index . 0).Values.kafka.secretName -}}
{{- $mounts = append $mounts (list "kafka" "secret" .) -}}
{{- end -}}
{{ dict "mounts" $mounts | toJson }}
{{- end }}

{{/*
The pod of every workload: one hardened container of the image, with the configuration and the secrets as files. Takes a dict:
  root       the chart's
  component  its name: bridge, deliver, topics or doctor
  args       of the command, --config apart
  serves     how many seconds it has after its start until it answers on the admin port; 0: it does not listen
  spool      true: the volume "spool" is there
  mounts     of secrets and configuration: a list of (list NAME KIND OF), a volume of that kind (secret, configMap) in /etc/qlik-bridge/NAME
  affinity   as in a pod; topics and doctor have none, which would keep them from a node that the others are on
  spread     topologySpreadConstraints; none: over nodes and zones
  resources, serviceAccount
*/}}
{{- define "qlik-bridge.pod" -}}
{{- $v := .root.Values -}}
serviceAccountName: {{ .serviceAccount | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $v.terminationGracePeriodSeconds }}
securityContext: {{- toYaml $v.podSecurityContext | nindent 2 }}
{{- with $v.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- range $key := list "imagePullSecrets" "nodeSelector" "tolerations" }}
{{- with index $v $key }}
{{ $key }}: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .serves }}
topologySpreadConstraints:
{{- with .spread }}
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
    image: {{ printf "%s:%s" $v.image.repository (default .root.Chart.AppVersion $v.image.tag) | quote }}
    imagePullPolicy: {{ $v.image.pullPolicy }}
    args: {{ append .args "--config=/etc/qlik-bridge/config/config.yaml" | toJson }}
    env: {{- include "qlik-bridge.env" . | trim | nindent 6 }}
    {{- if .serves }}
    ports:
      {{- if eq .component "bridge" }}
      - {name: http, containerPort: 8080}
      {{- end }}
      - {name: admin, containerPort: 9090}
    startupProbe: {httpGet: {path: /livez, port: admin}, periodSeconds: 1, failureThreshold: {{ .serves }}}
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
    secret: {secretName: {{ index . 2 | quote }}, defaultMode: 0440}
    {{- else }}
    configMap: {name: {{ index . 2 | quote }}}
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

{{/*
The variables of every container, for the dict of qlik-bridge.pod: the chart's, but for those that extraEnv has too. It wins by being there alone: of
a name that is there twice an upgrade can lose one, and server-side apply refuses it.
*/}}
{{- define "qlik-bridge.env" -}}
{{- $v := .root.Values -}}
{{- $theirs := list -}}
{{- range $v.extraEnv -}}
{{- if has .name (list "QLIK_BRIDGE_LISTEN" "QLIK_BRIDGE_ADMIN_LISTEN") -}}
{{- fail (printf "extraEnv: %s: the chart's ports and probes stand on it; leave it out, and choose the port by service.port" .name) -}}
{{- end -}}
{{- if has .name $theirs }}{{ fail (printf "extraEnv: %s is there twice; keep one of them" .name) }}{{ end -}}
{{- $theirs = append $theirs .name -}}
{{- end -}}
{{- $all := list (list "LISTEN" ":8080") (list "ADMIN_LISTEN" ":9090") (list "SPOOL_ENABLED" (toString .spool)) -}}
{{- if .spool }}{{ $all = append $all (list "SPOOL_DIR" "/spool") }}{{ end -}}
{{- with $v.signing.key }}{{ $all = append $all (list "SECRETS_FILE" (printf "/etc/qlik-bridge/signing/%s" .)) }}{{ end -}}
{{- range $all -}}
{{- $name := index . 0 | printf "QLIK_BRIDGE_%s" -}}
{{- if not (has $name $theirs) }}
- {name: {{ $name }}, value: {{ index . 1 | quote }}}
{{- end -}}
{{- end -}}
{{- with $v.extraEnv }}
{{ toYaml . }}
{{- end -}}
{{- end }}

{{/* The metadata of a workload's pods. Takes (list root component). */}}
{{- define "qlik-bridge.podMetadata" -}}
{{- $root := index . 0 -}}
labels: {{- include "qlik-bridge.also" (list "podLabels" (include "qlik-bridge.selector" .) $root.Values.podLabels) | nindent 2 }}
annotations: {{- include "qlik-bridge.also" (list "podAnnotations" (include "qlik-bridge.config" $root | sha256sum | printf "checksum/config: %q") $root.Values.podAnnotations) | nindent 2 }}
{{- end }}

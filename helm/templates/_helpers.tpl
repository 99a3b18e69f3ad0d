{{- define "qlik-bridge.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
Room for what Kubernetes and the chart append, up to the 63 characters of a label: of a StatefulSet's name with a hash (11) one is made. A Service of that
name is to be, so it begins with a letter.
*/}}
{{- define "qlik-bridge.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- $full = default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $full) -}}
{{- fail (printf "the name %q, of release and chart: a Service's is lower-case letters, digits and -, a letter first; set fullnameOverride, or choose another release name" $full) -}}
{{- end -}}
{{ $full }}
{{- end }}

{{/* What all pods of the release have in common. */}}
{{- define "qlik-bridge.release" -}}
app.kubernetes.io/name: {{ include "qlik-bridge.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* These two take (list root component). */}}
{{- define "qlik-bridge.selector" -}}
{{ include "qlik-bridge.release" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "qlik-bridge.labels" -}}
{{- $root := index . 0 -}}
{{ include "qlik-bridge.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: qlik-bridge
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Keys of the chart's own and of a value; one that is of both is refused, since it would be there twice. Takes (list VALUE OURS THEIRS), ours as YAML. */}}
{{- define "qlik-bridge.also" -}}
{{- index . 1 -}}
{{- $ours := index . 1 | fromYaml -}}
{{- range $key, $_ := index . 2 -}}
{{- if hasKey $ours $key }}{{ fail (printf "%s: %s is the chart's own; leave it out" (index $ 0) $key) }}{{ end -}}
{{- end -}}
{{- with index . 2 }}
{{ toYaml . }}
{{- end -}}
{{- end }}

{{- define "qlik-bridge.serviceAccountName" -}}
{{ default (ternary (include "qlik-bridge.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "qlik-bridge.config" -}}
config.yaml: |
  {{- toYaml .Values.config | nindent 2 }}
{{- end }}

{{/* What a key of the bridge's configuration is, by extraEnv or by config, as text; nothing where neither says. Takes (list root KEY). */}}
{{- define "qlik-bridge.setting" -}}
{{- $values := (index . 0).Values -}}
{{- $found := $values.config -}}
{{- range splitList "." (index . 1) -}}
{{- $found = get (kindIs "map" $found | ternary $found dict) . -}}
{{- end -}}
{{- $variable := index . 1 | replace "." "_" | upper | printf "QLIK_BRIDGE_%s" -}}
{{- range $values.extraEnv -}}
{{- if and (eq .name $variable) .value }}{{ $found = .value }}{{ end -}}
{{- end -}}
{{- if not (kindIs "invalid" $found) }}{{ $found }}{{ end -}}
{{- end }}

{{/* How many seconds a duration of the configuration is, such as 1m30s. */}}
{{- define "qlik-bridge.seconds" -}}
{{- $sum := 0.0 -}}
{{- range regexFindAll "[0-9.]+(ms|h|m|s)" . -1 -}}
{{- $unit := get (dict "h" 3600 "m" 60 "s" 1 "ms" 0.001) (regexFind "[hms]+$" .) -}}
{{- $sum = addf $sum (mulf (regexFind "^[0-9.]+" .) $unit) -}}
{{- end -}}
{{ $sum }}
{{- end }}

{{/*
For how many seconds a pod of the bridge may start before it counts as dead: two minutes, and with a spool as long as the bridge waits for its lock and a
minute for each GiB, which a disk of 18 MB/s reads in that time.
*/}}
{{- define "qlik-bridge.startup" -}}
{{- $lock := include "qlik-bridge.setting" (list . "spool.lock_timeout") | include "qlik-bridge.seconds" -}}
{{- $bytes := include "qlik-bridge.setting" (list . "spool.max_bytes") | default "1073741824" -}}
{{- $spool := .Values.spool.persistence.enabled | ternary (addf $lock (divf (mulf $bytes 60) 1073741824)) 0 -}}
{{ .Values.startupProbe.failureThreshold | default (add 120 (ceil $spool)) }}
{{- end }}

{{/*
How many pods there are to be. Where a HorizontalPodAutoscaler decides, that is what it decided last, so that no upgrade takes pods away: a Deployment
without a number has one pod. Nothing is found, and it is minReplicas, before the first install and where helm has no cluster (helm template).
*/}}
{{- define "qlik-bridge.replicas" -}}
{{- if .Values.autoscaling.enabled -}}
{{- $live := lookup "apps/v1" "Deployment" .Release.Namespace (include "qlik-bridge.fullname" .) -}}
{{- max .Values.autoscaling.minReplicas (dig "spec" "replicas" 0 $live) -}}
{{- else -}}
{{- .Values.replicaCount -}}
{{- end -}}
{{- end }}

{{/* How many bytes a quantity is; m is what the API server makes of a fraction. */}}
{{- define "qlik-bridge.bytes" -}}
{{- $units := dict "" 1 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18
  "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976 -}}
{{ mulf (regexFind "^[0-9.]+" .) (get $units (regexFind "[a-zA-Z]*$" .)) }}
{{- end }}

{{/* Refuses claims unlike those of the StatefulSet in the cluster, which nobody can change: the upgrade would fail at it, halfway. */}}
{{- define "qlik-bridge.sameClaims" -}}
{{- $want := .Values.spool.persistence -}}
{{- $name := include "qlik-bridge.fullname" . -}}
{{- $changed := list -}}
{{- range dig "spec" "volumeClaimTemplates" list (lookup "apps/v1" "StatefulSet" .Release.Namespace $name) -}}
{{- $is := .spec.resources.requests.storage -}}
{{- if ne (include "qlik-bridge.bytes" $is) (include "qlik-bridge.bytes" $want.size) }}{{ $changed = append $changed (printf "size (%s there, %s here)" $is $want.size) }}{{ end -}}
{{- $is = .spec.storageClassName | default "" -}}
{{- if ne $is $want.storageClassName }}{{ $changed = append $changed (printf "storageClassName (%q there, %q here)" $is $want.storageClassName) }}{{ end -}}
{{- $is = .spec.accessModes -}}
{{- if ne (sortAlpha $is | join " ") (sortAlpha $want.accessModes | join " ") }}{{ $changed = append $changed (printf "accessModes (%s there, %s here)" $is $want.accessModes) }}{{ end -}}
{{- end -}}
{{- if $changed -}}
{{- fail (printf "spool.persistence: the StatefulSet %s has another %s, and Kubernetes lets nobody change it; enlarge the claims if that is what you want, then kubectl -n %s delete statefulset %s --cascade=orphan, and again: docs/kubernetes.md, Another volume" $name (join ", " $changed) .Release.Namespace $name) -}}
{{- end -}}
{{- end }}

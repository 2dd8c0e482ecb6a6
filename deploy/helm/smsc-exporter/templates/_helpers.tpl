{{- define "smsc.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "smsc.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "smsc.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "smsc.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "smsc.selector" -}}
app.kubernetes.io/name: {{ include "smsc.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "smsc.labels" -}}
{{ include "smsc.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "smsc.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "smsc.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "smsc.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "smsc.secret" -}}
{{- default (include "smsc.fullname" .) .Values.credentials.existingSecret }}
{{- end }}

{{- define "smsc.probe" -}}
httpGet:
  path: {{ .path }}
  port: http
  scheme: {{ .web.scheme }}
  {{- with .web.probeHeaders }}
  httpHeaders:
    {{- toYaml . | nindent 4 }}
  {{- end }}
timeoutSeconds: 5
{{- end }}

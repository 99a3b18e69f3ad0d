package sandbox_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge/sandbox"
)

// What Qlik marks as required, for a dozen of types.
func TestRequiredData(t *testing.T) {
	tests := []struct{ typ, want string }{
		{"com.qlik.v1.reload.finished", "id appId userId succeeded"},
		{"com.qlik.ai.mcp.tool.executed", "name latency"},
		{"com.qlik.ai.mcp.tool.calls.aggregated", "eventIds toolCount totalLatencyMs"},
		{"com.qlik.scheduling.task.created", "id name action ownerId createdBy resourceId resourceType"},
		{"com.qlik.core.api-key.deleted", "id sub subType description expiry status"},
		{"com.qlik.core.group.users.modified", "id name status tenantId createdAt lastUpdatedAt _updates affectedUsers fullyProcessed"},
		{"com.qlik.core.space.share.updated", "id type roles spaceId tenantId createdAt createdBy spaceType assigneeId resourceId resourceName resourceType linkId updatedAt"},
		{"com.qlik.core.space.request.deleted", "id type roles spaceId tenantId createdAt createdBy description requestedUserId"},
		{"com.qlik.core.oauth-client.created", "appType ownerId clientId tenantId createdAt ownerType clientName createdById createdByType"},
		{"com.qlik.core.oauth-token.revoked", "revokedAt revokedByBearer revokedContext/userId revokedContext/grantId"},
		{"com.qlik.v1.di-projects.di-tasks.failed", "dataTask/id dataTask/projectId startTime startedBy endTime errorDetails/code errorDetails/status errorMessage"},
		{"com.qlik.v1.rate-limit.exceeded", "id type enforce appliesTo validUntil"},
		{"com.qlik.reporting-task.summary.created", "id name appId status enabled thumbnail transports hassectionaccess distributionchannels failedReports successfulExecutions"},
		{"com.qlik.core.role.synced", "roles/0/id roles/0/level roles/0/tenantId roles/0/lastUpdatedAt"},
		{"com.qlik.core.user.created", "id name subject tenantId"},
		{"com.qlik.v1.quota.allocation-failed", "unit appId quota spaceId appSizeQuotaGroup limit consumed requested"},
	}
	s := sandbox.NewSamples(10, clock)
	for _, test := range tests {
		t.Run(test.typ, func(t *testing.T) {
			b := body(t, s, test.typ, "cloudevents")
			for name := range strings.FieldsSeq(test.want) {
				if at(t, b, "/data/"+name) == nil {
					t.Errorf("no %s in %s", name, b)
				}
			}
		})
	}
}

// The id of the thing stands where Qlik puts it, and agrees where it stands twice.
func TestIdsAgree(t *testing.T) {
	tests := []struct{ typ, envelope, one, two string }{
		{"com.qlik.app.created", "cloudevents", "/toplevelresourceid", "/data/id"},
		{"com.qlik.v1.app.created", "legacy", "/extensions/topLevelResourceId", "/data/attributes/id"},
		{"com.qlik.app.deleted", "audit", "/extensions/topLevelResourceId", "/data/id"},
		{"com.qlik.app.exported", "hybrid", "/extensions/topLevelResourceId", "/toplevelresourceid"},
		{"com.qlik.app.published", "hybrid", "/eventId", "/id"},
		{"com.qlik.v1.reload.finished", "cloudevents", "/toplevelresourceid", "/data/appId"},
		{"com.qlik.v1.automation.run.ended", "cloudevents", "/toplevelresourceid", "/data/automation/id"},
		{"com.qlik.v1.quota.consumed", "cloudevents", "/toplevelresourceid", "/data/appId"},
		{"com.qlik.scheduling.task.deleted", "cloudevents", "/extensions/toplevelresourceid", "/data/id"},
		{"com.qlik.core.tenant.created", "cloudevents", "/tenantid", "/data/id"},
		{"com.qlik.core.oauth-client.created", "cloudevents", "/tenantid", "/data/tenantId"},
	}
	s := sandbox.NewSamples(11, clock)
	for _, test := range tests {
		t.Run(test.typ, func(t *testing.T) {
			b := body(t, s, test.typ, test.envelope)
			if one, two := text(t, b, test.one), text(t, b, test.two); one == "" || one != two {
				t.Errorf("%s is %q, %s is %q", test.one, one, test.two, two)
			}
		})
	}
}

// Qlik's own oddities, which the bridge has to live with.
func TestTraps(t *testing.T) {
	tests := []struct {
		name, typ, envelope, where string
		want                       any
	}{
		{"plural type", "com.qlik.scheduling.task.deleted", "cloudevents", "/type", "com.qlik.scheduling.tasks.created"},
		{"right name beside it", "com.qlik.scheduling.task.deleted", "cloudevents", "/eventType", "com.qlik.scheduling.task.deleted"},
		{"asked for by its slip", "com.qlik.scheduling.tasks.created", "cloudevents", "/type", "com.qlik.scheduling.tasks.created"},
		{"no tenant", "com.qlik.scheduling.task.updated", "cloudevents", "/extensions", nil},
		{"app only outside data", "com.qlik.v1.app.reload.finished", "cloudevents", "/data/id", nil},
		{"odd version", "com.qlik.core.space.created", "cloudevents", "/specversion", "1.0.2"},
		{"usual version", "com.qlik.core.user.created", "cloudevents", "/specversion", "1.0"},
		{"object", "com.qlik.core.user-session.ended", "cloudevents", "/meta/userAgent", "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"},
		{"array", "com.qlik.v1.hub-dashboard.updated", "cloudevents", "/updates/0/path", "/title"},
		{"actor", "com.qlik.v1.di-projects.di-tasks.started", "cloudevents", "/extensions/actor/subType", "user"},
		{"string for boolean", "com.qlik.v1.alerting-task.created", "cloudevents", "/data/alertingTaskEnabled", "true"},
		{"wrapped", "com.qlik.v1.app.created", "legacy", "/data/attributes/resourceType", "app"},
		{"not wrapped", "com.qlik.v1.app.deleted", "legacy", "/data/resourceType", "app"},
		{"capital", "com.qlik.datafile.created", "legacy", "/eventId", nil},
		{"lower case", "com.qlik.datafile.created", "legacy", "/contenttype", "application/json"},
	}
	s := sandbox.NewSamples(12, clock)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := at(t, body(t, s, test.typ, test.envelope), test.where)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", test.where, test.typ, diff)
			}
		})
	}
	legacy := body(t, s, "com.qlik.v1.app.created", "legacy")
	if got := text(t, legacy, "/data/attributes/published"); got != "true" && got != "false" {
		t.Errorf("got published %q in %s, want a boolean as a string", got, legacy)
	}
}

func body(t *testing.T, s *sandbox.Samples, typ, envelope string) []byte {
	t.Helper()
	b, err := s.Body(typ, envelope)
	if err != nil {
		t.Fatal(err)
	}
	if v := jsontext.Value(b); !v.IsValid() {
		t.Fatalf("%s as %s: not valid JSON: %s", typ, envelope, b)
	}
	return b
}

// members are those of the top level, their names in lower case.
func members(t *testing.T, b []byte) map[string]jsontext.Value {
	t.Helper()
	var as map[string]jsontext.Value
	if err := json.Unmarshal(b, &as); err != nil {
		t.Fatal(err)
	}
	lower := map[string]jsontext.Value{}
	for name, value := range as {
		lower[strings.ToLower(name)] = value
	}
	return lower
}

// at is the value that the pointer leads to, nil where there is none; of a list it knows the first.
func at(t *testing.T, b []byte, pointer string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(b, &value); err != nil {
		t.Fatal(err)
	}
	for token := range jsontext.Pointer(pointer).Tokens() {
		if list, ok := value.([]any); ok && len(list) > 0 {
			value = list[0]
			continue
		}
		object, _ := value.(map[string]any)
		value = object[token]
	}
	return value
}

func text(t *testing.T, b []byte, pointer string) string {
	t.Helper()
	s, _ := at(t, b, pointer).(string)
	return s
}

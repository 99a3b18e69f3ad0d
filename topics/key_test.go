package topics_test

import (
	"strings"
	"testing"

	"qlikbridge/topics"
)

// attributes are those of an event; tenantid and id are there unless a test says otherwise.
type attributes map[string]string

func (a attributes) get(name string) string {
	if value, ok := a[name]; ok {
		return value
	}
	return map[string]string{"id": "event-1", "tenantid": "tenant-1"}[name]
}

func keyOf(t *testing.T, typ string, a attributes, data string) string {
	t.Helper()
	if typ == "" {
		other, _ := topics.Default().Family(topics.Other)
		return other.Key.Key(a.get, []byte(data))
	}
	found, ok := topics.Default().Lookup(typ)
	if !ok {
		t.Fatalf("type %s is not in the catalogue", typ)
	}
	return found.Key.Key(a.get, []byte(data))
}

func TestKeyOfFamilies(t *testing.T) {
	// Every event here also has what must not become its key.
	const noise = `{"email":"a@example.com","subject":"noise",`
	tests := []struct {
		name string
		typ  string // "": a type that the catalogue does not know
		has  attributes
		data string
		want string
	}{
		{"mcps: the user", "com.qlik.ai.mcp.tool.executed", attributes{"userid": "u1", "clientid": "c1"}, `{"name":"t"}`, "u1"},
		{"mcps: else the client", "com.qlik.ai.mcp.tool.calls.aggregated", attributes{"clientid": "c1"}, `{"toolCount":3}`, "c1"},
		{"ip-policies", "com.qlik.core.ip-policy.updated", nil, `{"id":"p1"}`, "p1"},
		{"tasks: not the app", "com.qlik.scheduling.task.updated", attributes{"toplevelresourceid": "top"}, `{"resourceId":"app","id":"t1"}`, "t1"},
		{"tasks: else the resource", "com.qlik.scheduling.task.deleted", attributes{"toplevelresourceid": "top"}, `{"resourceId":"app"}`, "top"},
		{"alerting-tasks: created", "com.qlik.v1.alerting-task.created", nil, `{"alertID":"a1"}`, "a1"},
		{"alerting-tasks: others", "com.qlik.v1.alerting-task.deleted", nil, `{"alertId":"a1","alertID":"no"}`, "a1"},
		{"alerting-tasks: summary", "com.qlik.v1.alerting-task.execution-summary.created", nil, `{"summary":{"alertId":"a2"}}`, "a2"},
		{"api-key-configs: one per tenant", "com.qlik.core.api-keys-config.updated", nil, `{"id":"no"}`, "tenant-1"},
		{"api-keys: the key", "com.qlik.core.api-key.created", attributes{"toplevelresourceid": "no"}, `{"id":"k1"}`, "k1"},
		{"api-keys: validation failed", "com.qlik.core.api-key.validation.failed", attributes{"toplevelresourceid": "k1"}, `{"jti":"user","id":"no"}`, "k1"},
		{"api-keys: validation failed, old", "com.qlik.v1.api-key.validation.failed", nil, `{"jti":"k1","id":"no"}`, "k1"},
		{"api-keys: validation failed, id alone", "com.qlik.core.api-key.validation.failed", nil, `{"id":"k1"}`, "k1"},
		{"app-usages: the tenant", "com.qlik.v1.app-usage.quota.consumed", attributes{"toplevelresourceid": "no"}, `{"quota":"q"}`, "tenant-1"},
		{"apps: the app", "com.qlik.app.created", attributes{"toplevelresourceid": "no"}, `{"id":"app"}`, "app"},
		{"apps: legacy data", "com.qlik.v1.app.created", nil, `{"attributes":{"id":"app"}}`, "app"},
		{"apps: reload finished", "com.qlik.v1.app.reload.finished", attributes{"toplevelresourceid": "app"}, `{"reloadId":"r"}`, "app"},
		{"automations: not the run", "com.qlik.v1.automation.run.ended", attributes{"toplevelresourceid": "auto"}, `{"id":"run"}`, "auto"},
		{"automations: else the run", "com.qlik.v1.automation.run.ended", nil, `{"id":"run"}`, "run"},
		{"data-integration-projects: the task", "com.qlik.v1.di-projects.di-tasks.failed", nil, `{"dataTask":{"id":"dt","projectId":"p"}}`, "dt"},
		{"data-integration-projects: else the project", "com.qlik.v1.di-projects.di-tasks.failed", nil, `{"dataTask":{"projectId":"p"}}`, "p"},
		{"environments", "com.qlik.core.environment.deleted", nil, `{"id":"e1"}`, "e1"},
		{"group-settings: one per tenant", "com.qlik.core.group-setting.updated", nil, `{"tenantId":"no"}`, "tenant-1"},
		{"group-settings: else of data", "com.qlik.core.group-setting.updated", attributes{"tenantid": ""}, `{"tenantId":"t2"}`, "t2"},
		{"groups", "com.qlik.core.group.users.modified", nil, `{"affectedUsers":["u"],"id":"g1"}`, "g1"},
		{"hub-dashboards", "com.qlik.v1.hub-dashboard.updated", nil, `{"source":"user","id":"h1"}`, "h1"},
		{"large-app-quotas: the app", "com.qlik.v1.quota.consumed", attributes{"toplevelresourceid": "no"}, `{"appId":"app"}`, "app"},
		{"large-app-quotas: else the resource", "com.qlik.v1.quota.released", attributes{"toplevelresourceid": "app"}, `{}`, "app"},
		{"licenses: the licence", "com.qlik.license.assignment.updated", nil, `{"subject":"auth0|x","license":"l1"}`, "l1"},
		{"licenses: else the tenant", "com.qlik.license.data.volume.consumption.aggregated", nil, `{"total":1}`, "tenant-1"},
		{"notification-digests: the user", "com.qlik.notification-digest.updated", attributes{"userid": "u1"}, `{"chronosJobID":"j"}`, "u1"},
		{"notification-digests: else the job", "com.qlik.notification-digest.updated", nil, `{"chronosJobID":"j"}`, "j"},
		{"oauth-clients", "com.qlik.core.oauth-client.secret.created", attributes{"clientid": "no"}, `{"clientId":"c1","hint":"x"}`, "c1"},
		{"oauth-tokens: issued", "com.qlik.core.oauth-token.issued", nil, `{"id":"grant","issuedToClientId":"c"}`, "grant"},
		{"oauth-tokens: revoked", "com.qlik.core.oauth-token.revoked", nil, `{"revokedContext":{"userId":"u","clientId":"c","grantId":"grant"}}`, "grant"},
		{"oauth-tokens: revoked by client", "com.qlik.core.oauth-token.revoked", nil, `{"revokedContext":{"userId":"u","clientId":"c","grantId":""}}`, "c"},
		{"oauth-tokens: revoked by user", "com.qlik.core.oauth-token.revoked", nil, `{"revokedContext":{"userId":"u"}}`, "u"},
		{"rate-limits: of a user", "com.qlik.v1.rate-limit.exceeded", attributes{"userid": "u1"}, `{"id":"new","appliesTo":"USER"}`, "u1"},
		{"rate-limits: of the tenant", "com.qlik.v1.rate-limit.exceeded", attributes{"userid": "u1"}, `{"id":"new","appliesTo":"TENANT"}`, "tenant-1"},
		{"rate-limits: of whom is not said", "com.qlik.v1.rate-limit.exceeded", attributes{"userid": "u1"}, `{"id":"new"}`, "tenant-1"},
		{"rate-limits: of a user who is not named", "com.qlik.v1.rate-limit.exceeded", nil, `{"appliesTo":"USER"}`, "tenant-1"},
		{"reloads: the app", "com.qlik.v1.reload.finished", attributes{"toplevelresourceid": "no"}, `{"id":"r","appId":"app"}`, "app"},
		{"reloads: else the resource", "com.qlik.v1.reload.finished", attributes{"toplevelresourceid": "app"}, `{"id":"r"}`, "app"},
		{"reloads: else the reload", "com.qlik.v1.reload.finished", nil, `{"id":"r"}`, "r"},
		{"reporting-tasks: the task", "com.qlik.reporting-task.summary.created", nil, `{"id":"report","resourceId":"rt"}`, "rt"},
		{"reporting-tasks: else the report", "com.qlik.v1.report.finished", attributes{"toplevelresourceid": "no"}, `{"id":"report"}`, "report"},
		{"roles", "com.qlik.core.role.updated", nil, `{"id":"r1"}`, "r1"},
		{"roles: synced lists many", "com.qlik.core.role.synced", nil, `{"id":"no","roles":[{"id":"no"}]}`, "tenant-1"},
		{"spaces: of an assignment", "com.qlik.core.space.assignment.created", nil, `{"id":"assignment","spaceId":"s1"}`, "s1"},
		{"spaces: the space", "com.qlik.core.space.created", attributes{"spaceid": "no"}, `{"id":"s1"}`, "s1"},
		{"spaces: settings", "com.qlik.core.space.settings.updated", nil, `{"id":"no"}`, "tenant-1"},
		{"tenants", "com.qlik.core.tenant.deactivated", nil, `{"id":"t2"}`, "t2"},
		{"tenants: else the attribute", "com.qlik.core.tenant.deactivated", nil, `{}`, "tenant-1"},
		{"user-identities: conflicted", "com.qlik.core.user-identity.conflicted", attributes{"userid": "actor"}, `{"matchedUsers":[{"id":"u1"},{"id":"u2"}]}`, "u1"},
		{"user-identities: conflicted with nobody", "com.qlik.core.user-identity.conflicted", attributes{"userid": "actor"}, `{"matchedUsers":[]}`, "actor"},
		{"user-identities: reassigned", "com.qlik.core.user-identity.reassigned", attributes{"userid": "actor"}, `{"id":"no"}`, "actor"},
		{"user-sessions: the session", "com.qlik.core.user-session.begun", attributes{"sessionid": "s1", "userid": "u1"}, `{}`, "s1"},
		{"user-sessions: else the user", "com.qlik.core.user-session.ended", attributes{"userid": "u1"}, `{}`, "u1"},
		{"users: the user", "com.qlik.core.user.created", attributes{"userid": "actor"}, `{"id":"u1"}`, "u1"},
		{"users: never the actor", "com.qlik.core.user.updated", attributes{"userid": "actor"}, `{"_updates":[{"path":"name"}]}`, "tenant-1"},
		{"web-integrations", "com.qlik.core.web-integration.updated", nil, `{"id":"w1"}`, "w1"},
		{"other: the resource", "", attributes{"toplevelresourceid": "top"}, `{"id":"no","appId":"no"}`, "top"},
		{"other: else the id", "", nil, `{"appId":"no","id":"x"}`, "x"},
		{"other: else the app", "", nil, `{"appId":"app"}`, "app"},
		{"other: auth settings", "com.qlik.core.auth-settings.updated", attributes{"toplevelresourceid": "no"}, `{"id":"no"}`, "tenant-1"},
		{"other: sheet view", "com.qlik.v1.analytics.analytics-app-client.sheet-view.opened", attributes{"toplevelresourceid": "no"}, `{"appId":"app","id":"no"}`, "app"},
	}
	seen := map[string]bool{topics.DeadLetter: true} // nothing is keyed by rule there
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := strings.Replace(tt.data, "{", noise, 1)
			if got := keyOf(t, tt.typ, tt.has, strings.Replace(data, ",}", "}", 1)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
		family, _, _ := strings.Cut(tt.name, ":")
		seen[family] = true
	}
	for _, f := range topics.Default().Families {
		if !seen[f.Name] {
			t.Errorf("got no case of family %s, want one of each", f.Name)
		}
	}
}

func TestKeyLookup(t *testing.T) {
	const rule = "com.qlik.app.created" // data.id, data.attributes.id, toplevelresourceid
	long := strings.Repeat("k", topics.MaxKeyBytes)
	tests := []struct {
		name string
		has  attributes
		data string
		want string
	}{
		{"white space", nil, " { \"name\" : \"n\" ,\n\t\"id\" : \"app\" } ", "app"},
		{"after nested members of the name", nil, `{"a":{"id":"no"},"b":[{"id":"no"}],"id":"app"}`, "app"},
		{"escaped name", nil, `{"\u0069d":"app"}`, "app"},
		{"escaped value", nil, `{"id":"\u00e4\"\/"}`, `ä"/`},
		{"case matters", attributes{"toplevelresourceid": "top"}, `{"ID":"no","Id":"no"}`, "top"},
		{"empty string", attributes{"toplevelresourceid": "top"}, `{"id":""}`, "top"},
		{"number", attributes{"toplevelresourceid": "top"}, `{"id":42}`, "top"},
		{"boolean", attributes{"toplevelresourceid": "top"}, `{"id":true}`, "top"},
		{"null", attributes{"toplevelresourceid": "top"}, `{"id":null}`, "top"},
		{"object", attributes{"toplevelresourceid": "top"}, `{"id":{"id":"no"}}`, "top"},
		{"array", attributes{"toplevelresourceid": "top"}, `{"id":["no"]}`, "top"},
		{"longest", nil, `{"id":"` + long + `"}`, long},
		{"too long", attributes{"toplevelresourceid": "top"}, `{"id":"` + long + `k"}`, "top"},
		{"data is an array", nil, `[{"id":"no"}]`, "tenant-1"},
		{"data is a string", nil, `"id"`, "tenant-1"},
		{"data is null", nil, `null`, "tenant-1"},
		{"no data", nil, ``, "tenant-1"},
		{"step into a scalar", nil, `{"attributes":"id"}`, "tenant-1"},
		{"step into an array", nil, `{"attributes":[{"id":"no"}]}`, "tenant-1"},
		{"data that breaks off", nil, `{"name":`, "tenant-1"},
		{"no JSON", nil, `<id>no</id>`, "tenant-1"},
		{"no tenant", attributes{"tenantid": ""}, `{}`, "event-1"},
		{"tenant too long", attributes{"tenantid": long + "k"}, `{}`, "event-1"},
		{"resource too long", attributes{"toplevelresourceid": long + "k"}, `{}`, "tenant-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := keyOf(t, rule, tt.has, tt.data); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestKeyPath(t *testing.T) {
	tests := []struct {
		name string
		rule string
		data string
		want string
	}{
		{"first element", "data.list.0.id", `{"list":[{"id":"a"},{"id":"b"}]}`, "a"},
		{"second element", "data.list.1.id", `{"list":[{"id":"a"},{"id":"b"}]}`, "b"},
		{"past the end", "data.list.2.id", `{"list":[{"id":"a"},{"id":"b"}]}`, "tenant-1"},
		{"element that is a string", "data.list.1", `{"list":[["no"],"b"]}`, "b"},
		{"empty array", "data.list.0", `{"list":[]}`, "tenant-1"},
		{"index into an object is a name", "data.list.0", `{"list":{"0":"a"}}`, "a"},
		{"name into an array", "data.list.id", `{"list":[{"id":"a"}]}`, "tenant-1"},
		{"data alone is an attribute", "data", `"no"`, "tenant-1"},
		{"condition holds", "data.id when data.kind=A", `{"id":"x","kind":"A"}`, "x"},
		{"condition fails", "data.id when data.kind=A", `{"id":"x","kind":"B"}`, "tenant-1"},
		{"condition of an attribute", "data.id when authtype=user", `{"id":"x"}`, "x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r topics.Rule
			if err := r.UnmarshalText([]byte(tt.rule)); err != nil {
				t.Fatalf("reading the rule: %v", err)
			}
			if got := (topics.Rules{r}).Key(attributes{"authtype": "user"}.get, []byte(tt.data)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestKeyOfOldNames asserts that a thing keeps its key when Qlik renames the type: the rules are those of today's name.
func TestKeyOfOldNames(t *testing.T) {
	has := attributes{"toplevelresourceid": "top", "sessionid": "s", "userid": "u", "clientid": "c"}
	const data = `{"id":"i","appId":"a","clientId":"ci","spaceId":"sp","resourceId":"r","jti":"j","matchedUsers":[{"id":"m"}]}`
	aliases := 0
	for _, f := range topics.Default().Families {
		for _, each := range f.Types {
			for _, alias := range each.Aliases {
				aliases++
				if got, want := keyOf(t, alias, has, data), keyOf(t, each.Name, has, data); got != want {
					t.Errorf("%s: got %q, want %q as under %s", alias, got, want, each.Name)
				}
			}
		}
	}
	if aliases < 40 {
		t.Errorf("got %d aliases, want 40 or more", aliases)
	}
}

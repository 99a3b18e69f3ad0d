package topics_test

import (
	"encoding/json"
	"testing"

	"qlikbridge/topics"
)

// FuzzKey asserts that no data, JSON or not, makes the lookup of a key panic or give an empty one, and that the key of valid JSON is
// the same with other white space.
func FuzzKey(f *testing.F) {
	for _, data := range []string{
		`{"id":"a"}`, `{"attributes":{"id":"a"}}`, `{"matchedUsers":[{"id":"a"}]}`, `{"appliesTo":"USER"}`, `[[[[`, `{"id":`, `{"id":1e9}`,
		``, `null`, `"a"`, `{"id":"\ud800"}`, "{\"id\":\"\xff\"}", `{"id":"a","id":"b"}`, `{"revokedContext":{"grantId":"","clientId":"c"}}`,
	} {
		f.Add([]byte(data), "user-1")
	}
	f.Fuzz(func(t *testing.T, data []byte, attribute string) {
		has := attributes{"userid": attribute, "sessionid": attribute, "toplevelresourceid": attribute}
		for _, family := range topics.Default().Families {
			checkKey(t, family.Key, has, data)
		}
		conflicted, _ := topics.Default().Lookup("com.qlik.core.user-identity.conflicted") // its rule goes into an array
		checkKey(t, conflicted.Key, has, data)
	})
}

func checkKey(t *testing.T, rules topics.Rules, has attributes, data []byte) {
	t.Helper()
	key := rules.Key(has.get, data)
	if key == "" || len(key) > topics.MaxKeyBytes {
		t.Errorf("got a key of %d bytes, want 1 to %d", len(key), topics.MaxKeyBytes)
	}
	var spaced []byte
	if json.Valid(data) {
		spaced = append(append([]byte(" \n"), data...), '\t')
		if again := rules.Key(has.get, spaced); again != key {
			t.Errorf("got %q with white space around, want %q", again, key)
		}
	}
}

package consumer

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/topics"
)

// TestWants asserts that a record is chosen as its type is, and that this allocates nothing.
func TestWants(t *testing.T) {
	selection, err := topics.Default().Select([]string{"com.qlik.app.*", "com.example.thing"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &choice{types: selection}
	names := []string{"", "a", "com.example.thing", "com.example.other", "com.qlik.app.new"}
	for _, f := range topics.Default().Families {
		for _, typ := range f.Types {
			names = append(append(names, typ.Name), typ.Aliases...)
		}
	}
	for _, name := range names {
		r := &kgo.Record{Headers: []kgo.RecordHeader{{Key: "content-type"}, {Key: typeHeader, Value: []byte(name)}}}
		if got, want := c.wants(r), selection.Has([]byte(name)); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
		if n := testing.AllocsPerRun(10, func() { c.wants(r) }); n > 0 {
			t.Errorf("%s: got %v allocations", name, n)
		}
	}
	if !c.wants(&kgo.Record{}) {
		t.Error("a record without the header is not wanted")
	}
}

// TestKeepSharesNothing asserts that a copy has all that is used of a record and none of its memory.
func TestKeepSharesNothing(t *testing.T) {
	r := &kgo.Record{Topic: "t", Partition: 3, Offset: 5, Key: []byte("key"), Value: []byte("value"), Headers: []kgo.RecordHeader{{Key: "a", Value: []byte("b")}, {Key: "none"}, {Key: "empty", Value: []byte{}}}}
	c := keep(r)
	for _, b := range [][]byte{r.Key, r.Value, r.Headers[0].Value} {
		clear(b)
	}
	if string(c.Key) != "key" || string(c.Value) != "value" || string(c.Headers[0].Value) != "b" || c.Offset != 5 || c.Partition != 3 || c.Topic != "t" {
		t.Errorf("got %+v", c)
	}
	if c.Headers[1].Value != nil || c.Headers[2].Value == nil || keep(&kgo.Record{}).Key != nil || !slices.Equal(append(c.Key, '!'), []byte("key!")) || string(c.Value) != "value" {
		t.Errorf("got %+v", c.Headers)
	}
}

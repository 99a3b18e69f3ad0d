package proof

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// kinds are the families that events are sent for, under names of today and of yesterday; the last is in no catalogue. Each takes its
// partition key from another place of the event, and the harness puts the same thing into all of them.
var kinds = []struct{ family, typ string }{
	{"apps", "com.qlik.app.created"},
	{"spaces", "com.qlik.core.space.updated"},
	{"users", "com.qlik.v1.user.created"},
	{"reloads", "com.qlik.v1.reload.finished"},
	{"automations", "com.qlik.v1.automation.run.ended"},
	{"other", "com.qlik.something.unknown"},
}

// Event is the seq-th of one thing. All that is to be seen in Kafka follows from these three, so that the checker needs no copy of
// what was sent. The bytes are the harness's own: a mistake of the bridge cannot hide behind the same mistake here.
type Event struct {
	run   string // no two runs share an id
	thing int
	seq   int // from 1
}

// ID is the CloudEvents id.
func (e Event) ID() string { return fmt.Sprintf("%s-%03d-%06d", e.run, e.thing, e.seq) }

// ParseID is false for an id that no event of this run has.
func ParseID(run, id string) (Event, bool) {
	rest, ours := strings.CutPrefix(id, run+"-")
	thing, seq, whole := strings.Cut(rest, "-")
	t, err := strconv.Atoi(thing)
	n, err2 := strconv.Atoi(seq)
	e := Event{run, t, n}
	return e, ours && whole && err == nil && err2 == nil && e.ID() == id
}

// Key is the partition key, which names the thing.
func (e Event) Key() string { return fmt.Sprintf("%s-thing-%03d", e.run, e.thing) }

// Family is the family whose topic the event belongs to.
func (e Event) Family() string { return kinds[e.thing%len(kinds)].family }

// Type is the event's type, by a name of today or of yesterday.
func (e Event) Type() string { return kinds[e.thing%len(kinds)].typ }

// Data is the event's data, which has what a gateway that re-encodes JSON would change: 1.50, twenty digits, an exponent, escapes, blanks. Its digest is of the
// bytes before it, so that whoever finds a record can tell without this program whether it is whole.
func (e Event) Data() string {
	head := fmt.Sprintf(`{"id":"%[1]s", "appId":"%[1]s","seq":%[2]d,"amount":1.50,"serial":1234567890123%07[2]d,"share":1.0E+2,`+
		`"name":"Ums\u00e4tze \/ Umsätze","empty":{ },"text":"%[3]s"`, e.Key(), e.seq, e.text())
	sum := sha256.Sum256([]byte(head))
	return head + `,"digest":"` + hex.EncodeToString(sum[:]) + `"}`
}

// text makes events of 0.6 to 1.6 KB, each of another length than its neighbours.
func (e Event) text() string {
	return strings.Repeat("sales by region ", (e.thing*7+e.seq*13)%64)
}

// Body is the event as Qlik would post it. The things take turns in the envelopes.
func (e Event) Body() []byte {
	return []byte(envelopes[e.thing/len(kinds)%len(envelopes)](e))
}

const moment = "2026-01-02T03:04:05.678Z"

var envelopes = []func(Event) string{
	func(e Event) string { return "{" + e.cloudEvent() + `,"data":` + e.Data() + "}" },
	func(e Event) string { return "{" + e.legacy() + `,"data":` + e.Data() + "}" },
	func(e Event) string { return "{" + e.cloudEvent() + "," + e.legacy() + `,"data":` + e.Data() + "}" },
}

func (e Event) cloudEvent() string {
	return fmt.Sprintf(`"specversion":"1.0","id":%q,"type":%q,"source":"com.qlik/chaos","time":"`+moment+`","datacontenttype":"application/json",`+
		`"tenantid":"chaos","toplevelresourceid":%q`, e.ID(), e.Type(), e.Key())
}

// legacy leaves the source to the CloudEvents members where there are both.
func (e Event) legacy() string {
	return fmt.Sprintf(`"cloudEventsVersion":"0.1","eventId":%q,"eventType":%q,"eventTime":"`+moment+`","eventTypeVersion":"1.0.0",`+
		`"contentType":"application/json","extensions":{"tenantId":"chaos","topLevelResourceId":%q}`, e.ID(), e.Type(), e.Key())
}

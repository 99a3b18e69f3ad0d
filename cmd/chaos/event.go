package main

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

// event is the seq-th of one thing. All that is to be seen in Kafka follows from these three, so that the checker needs no copy of
// what was sent. The bytes are the harness's own: a mistake of the bridge cannot hide behind the same mistake here.
type event struct {
	run   string // of one scenario: no two scenarios share an id
	thing int
	seq   int // from 1
}

func (e event) id() string { return fmt.Sprintf("%s-%03d-%06d", e.run, e.thing, e.seq) }

// parseID is false for an id that no event of this run has.
func parseID(run, id string) (event, bool) {
	rest, ours := strings.CutPrefix(id, run+"-")
	thing, seq, whole := strings.Cut(rest, "-")
	t, err := strconv.Atoi(thing)
	n, err2 := strconv.Atoi(seq)
	e := event{run, t, n}
	return e, ours && whole && err == nil && err2 == nil && e.id() == id
}

func (e event) key() string    { return fmt.Sprintf("%s-thing-%03d", e.run, e.thing) }
func (e event) family() string { return kinds[e.thing%len(kinds)].family }
func (e event) typ() string    { return kinds[e.thing%len(kinds)].typ }

// data has what a gateway that re-encodes JSON would change: 1.50, twenty digits, an exponent, escapes, blanks. Its digest is of the
// bytes before it, so that whoever finds a record can tell without this program whether it is whole.
func (e event) data() string {
	head := fmt.Sprintf(`{"id":"%[1]s", "appId":"%[1]s","seq":%[2]d,"amount":1.50,"serial":1234567890123%07[2]d,"share":1.0E+2,`+
		`"name":"Ums\u00e4tze \/ Umsätze","empty":{ },"text":"%[3]s"`, e.key(), e.seq, e.text())
	sum := sha256.Sum256([]byte(head))
	return head + `,"digest":"` + hex.EncodeToString(sum[:]) + `"}`
}

// text makes events of 0.6 to 1.6 KB, each of another length than its neighbours.
func (e event) text() string {
	return strings.Repeat("sales by region ", (e.thing*7+e.seq*13)%64)
}

// body is the event as Qlik would post it. The things take turns in the envelopes.
func (e event) body() []byte {
	return []byte(envelopes[e.thing/len(kinds)%len(envelopes)](e))
}

const moment = "2026-01-02T03:04:05.678Z"

var envelopes = []func(event) string{
	func(e event) string { return "{" + e.cloudEvent() + `,"data":` + e.data() + "}" },
	func(e event) string { return "{" + e.legacy() + `,"data":` + e.data() + "}" },
	func(e event) string { return "{" + e.cloudEvent() + "," + e.legacy() + `,"data":` + e.data() + "}" },
}

func (e event) cloudEvent() string {
	return fmt.Sprintf(`"specversion":"1.0","id":%q,"type":%q,"source":"com.qlik/chaos","time":"`+moment+`","datacontenttype":"application/json",`+
		`"tenantid":"chaos","toplevelresourceid":%q`, e.id(), e.typ(), e.key())
}

// legacy leaves the source to the CloudEvents members where there are both.
func (e event) legacy() string {
	return fmt.Sprintf(`"cloudEventsVersion":"0.1","eventId":%q,"eventType":%q,"eventTime":"`+moment+`","eventTypeVersion":"1.0.0",`+
		`"contentType":"application/json","extensions":{"tenantId":"chaos","topLevelResourceId":%q}`, e.id(), e.typ(), e.key())
}

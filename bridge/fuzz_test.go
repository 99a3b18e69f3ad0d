package bridge_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// refusals are the reasons that Normalise may give.
var refusals = map[bridge.Reason]bool{
	bridge.EmptyBody: true, bridge.InvalidUTF8: true, bridge.InvalidJSON: true, bridge.DuplicateKey: true, bridge.TooDeep: true, bridge.Batch: true,
	bridge.NotAnObject: true, bridge.TooManyAttributes: true, bridge.NameCollision: true, bridge.BadName: true, bridge.NoType: true,
	bridge.ControlCharacter: true, bridge.AttributeTooLong: true, bridge.InvalidData: true,
}

// FuzzNormalise asserts for any body: no panic; either an event whose record the SDK takes, whose data is a part of the body, which is
// the same for the same body and for that record; or a refusal with a known reason.
func FuzzNormalise(f *testing.F) {
	for _, tt := range allCases() {
		if len(tt.body) < 1<<12 {
			f.Add([]byte(tt.body), tt.origin == bridge.Audits)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, audits bool) {
		d := bridge.Delivery{Origin: bridge.Webhook, Source: "qlik", Body: body, ReceivedAt: receivedAt}
		if audits {
			d.Origin = bridge.Audits
		}
		before := bytes.Clone(body)
		event, err := bridge.Normalise(d, topics.Default())
		if !bytes.Equal(body, before) {
			t.Errorf("the body was changed to %q", body)
		}
		if err != nil {
			var refusal *bridge.Refusal
			if !errors.As(err, &refusal) || !refusals[refusal.Reason] || refusal.Err == nil {
				t.Errorf("got %#v, want a refusal with a reason of the list", err)
			}
			return
		}
		checkFuzzed(t, d, event)
	})
}

func checkFuzzed(t *testing.T, d bridge.Delivery, event *bridge.Event) {
	t.Helper()
	judge(t, event)
	if !event.Base64 && !bytes.Contains(d.Body, event.Data) {
		t.Errorf("got data %q, want a part of the body", event.Data)
	}
	if event.Key == "" || event.Family == nil {
		t.Errorf("got key %q, family %v; want both", event.Key, event.Family)
	}
	d.ReceivedAt = d.ReceivedAt.Add(1)
	again, err := bridge.Normalise(d, topics.Default())
	if err != nil || again.ID != event.ID || again.Key != event.Key {
		t.Errorf("got %v, %v the second time, want id %q and key %q", again, err, event.ID, event.Key)
	}
	if bytes.Count(d.Body, []byte(":")) < 200 { // with what the bridge adds it still has few enough members
		checkAgain(t, event)
	}
}

// FuzzVerify asserts for any body and header: no panic; only the right signature of the right bytes passes, and one bit more or less
// in either refuses.
func FuzzVerify(f *testing.F) {
	for _, header := range []string{"", "00", "sha256=", strings.Repeat("a", 64), strings.Repeat("A", 64), strings.Repeat("é", 32), "\x00"} {
		f.Add([]byte("body"), header, uint16(0))
	}
	f.Add([]byte{}, hexHMAC(activeSecret, nil), uint16(9))
	f.Add([]byte("a"), strings.ToUpper(hexHMAC(retiringSecret, []byte("a"))), uint16(700))
	k := newKeyring(f, activeSecret, retiringSecret)
	f.Fuzz(func(t *testing.T, body []byte, header string, bit uint16) {
		right, retiring := hexHMAC(activeSecret, body), hexHMAC(retiringSecret, body)
		checkVerify(t, k, right, body, bridge.Active)
		checkVerify(t, k, retiring, body, bridge.Retiring)

		var want bridge.Standing
		switch strings.ToLower(header) {
		case right:
			want = bridge.Active
		case retiring:
			want = bridge.Retiring
		}
		checkVerify(t, k, header, body, want)
		checkVerify(t, k, string(flipDigit([]byte(right), bit)), body, "")
		checkVerify(t, k, right, flip(body, bit), "")
		checkVerify(t, k, right, append(bytes.Clone(body), 0), "")
	})
}

// flip returns text with one bit turned over; nothing becomes one byte.
func flip(text []byte, bit uint16) []byte {
	if len(text) == 0 {
		return []byte{byte(bit)}
	}
	b := bytes.Clone(text)
	b[int(bit/8)%len(b)] ^= 1 << (bit % 8)
	return b
}

// flipDigit is flip for hex digits; where that changes only the case, which does not count, it turns over another bit too.
func flipDigit(digits []byte, bit uint16) []byte {
	b := flip(digits, bit)
	if bytes.EqualFold(b, digits) {
		b = flip(b, bit&^7)
	}
	return b
}

func checkVerify(t *testing.T, k *bridge.Keyring, header string, body []byte, want bridge.Standing) {
	t.Helper()
	got, err := k.Verify([]string{header}, body)
	if got != want || (err == nil) != (want != "") {
		t.Errorf("header %q: got %q, %v, want %q", header, got, err, want)
	}
	var refusal *bridge.Refusal
	if err != nil && (!errors.As(err, &refusal) || !strings.HasPrefix(string(refusal.Reason), "signature_")) {
		t.Errorf("header %q: got %v, want a refusal of the signature", header, err)
	}
}

package bridge_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"qlikbridge/bridge"
)

// TestRefusal asserts that the reason and the cause are both to be had from an error, and that its text begins with the reason.
func TestRefusal(t *testing.T) {
	err := fmt.Errorf("publishing: %w", &bridge.Refusal{Reason: bridge.NotAuthorized, Err: io.ErrUnexpectedEOF})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want the cause in it", err)
	}
	if want := "publishing: not_authorized: unexpected EOF"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	checkReason(t, err, bridge.NotAuthorized)
}

package main_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestDoctor asserts that a bridge in order is found so, with exit code 0, as lines and as JSON.
func TestDoctor(t *testing.T) {
	t.Parallel()
	s := startServe(t)
	args := []string{"doctor", "--kafka-brokers", s.kafka.Brokers()[0], "--secrets-file", file(t, "secrets", secret),
		"--listen", s.address(t, "listen"), "--admin-listen", s.address(t, "admin_listen")}
	got := run(t, args...)
	got.expect(t, 0, "ok       round trip     http://"+s.address(t, "listen")+"/webhooks/qlik: 200 published", "ok       record         qlik.other/", "0 failed, 0 warnings, 1 skipped")
	if got.err != "" {
		t.Errorf("got %q on standard error, want nothing", got.err)
	}
	report := reportOf(t, run(t, append(args, "--no-round-trip", "--no-spool", "-o", "json")...), 0)
	if report.Failed != 0 || len(report.Findings) < 10 || strings.Contains(report.checks(), "round trip") || strings.Contains(report.checks(), "spool") {
		t.Errorf("got %+v, want no failure, no round trip and nothing of the spool", report)
	}
}

// TestDoctorFails asserts that what does not work is exit code 1, with the remedy on a line of its own, and that a failed check does not
// keep those back that do not depend on it.
func TestDoctorFails(t *testing.T) {
	t.Parallel()
	args := []string{"doctor", "--kafka-brokers", "127.0.0.1:1", "--secrets-file", file(t, "secrets", secret), "--admin-listen", "127.0.0.1:1"}
	got := run(t, args...)
	got.expect(t, 1, "FAILED   connect        127.0.0.1:1: nothing listens there", " -> start the broker; or correct kafka.brokers",
		"skipped  login          127.0.0.1:1: needs connect", "FAILED   bridge         http://127.0.0.1:1/livez", "2 failed, 0 warnings")
	report := reportOf(t, run(t, append(args, "-o", "json")...), 1)
	if report.Failed != 2 || report.Skipped < 5 {
		t.Errorf("got %+v, want 2 failures and the rest skipped", report)
	}
	for _, f := range report.Findings {
		if (f.Status == "FAILED") != (f.Remedy != "") {
			t.Errorf("got %+v, want a remedy for a failure", f)
		}
	}
}

// doctorReport is the JSON form, as a script reads it.
type doctorReport struct {
	Failed, Warnings, Skipped int
	Findings                  []struct{ Check, Subject, Status, Found, Remedy string }
}

func reportOf(t *testing.T, e ended, code int) doctorReport {
	t.Helper()
	e.expect(t, code)
	var r doctorReport
	must(t, json.Unmarshal([]byte(e.out), &r))
	return r
}

func (r doctorReport) checks() string {
	var names []string
	for _, f := range r.Findings {
		names = append(names, f.Check)
	}
	return strings.Join(names, ",")
}

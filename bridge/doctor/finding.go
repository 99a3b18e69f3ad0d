package doctor

import "fmt"

// Status is what a finding amounts to. The set is closed.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Warning Status = "warning" // it works, and someone should look
	Failed  Status = "FAILED"  // it does not work
	Skipped Status = "skipped" // it could not be looked at; Found says why
)

// Finding is one line of what the doctor says.
type Finding struct {
	Check   string `json:"check"`
	Subject string `json:"subject,omitempty"` // which of several
	Status  Status `json:"status"`
	Found   string `json:"found"`
	Remedy  string `json:"remedy,omitempty"` // what to do; there is one for each warning and failure
}

func ok(check, subject, format string, args ...any) Finding {
	return Finding{Check: check, Subject: subject, Status: OK, Found: fmt.Sprintf(format, args...)}
}

func warn(check, subject string, found any, remedy string) Finding {
	return Finding{check, subject, Warning, fmt.Sprint(found), remedy}
}

func fail(check, subject string, found any, remedy string) Finding {
	return Finding{check, subject, Failed, fmt.Sprint(found), remedy}
}

func skip(check, subject, why string) Finding {
	return Finding{Check: check, Subject: subject, Status: Skipped, Found: why}
}

// needs is why a check is skipped after another that failed.
func needs(check, subject, other string) Finding { return skip(check, subject, "needs "+other) }

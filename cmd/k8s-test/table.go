package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"qlikbridge/bridge/proof"
)

// counts are the attempts of a time.
type counts struct {
	posts, taken, refused, unanswered, spooled int // taken: 200; refused: another status
	slowest                                    time.Duration
}

// row is something that happened under load.
type row struct {
	release, what string
	took          time.Duration
	counts
	faultless bool // not one attempt may have failed
}

// account is what a release's ledger and Kafka say of each other.
type account struct {
	release string
	proof.Findings
	unordered bool // order was not promised
}

// table is all that is shown at the end.
type table struct {
	notes    [][2]string
	rows     []row
	accounts []account
}

func (t *table) note(what, format string, args ...any) {
	t.notes = append(t.notes, [2]string{what, fmt.Sprintf(format, args...)})
	say("%s: %s", what, t.notes[len(t.notes)-1][1])
}

func (t *table) add(r row) { t.rows = append(t.rows, r) }

func (t *table) print(w io.Writer) {
	tabs := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, n := range t.notes {
		fmt.Fprintf(tabs, "%s\t%s\n", n[0], n[1])
	}
	tabs.Flush()
	fmt.Fprintln(tabs, "\nunder load\ttook\tsent\t2xx\tof them spooled\tfailed: refused\tno answer\tslowest 2xx")
	for _, r := range t.rows {
		fmt.Fprintf(tabs, "%s: %s\t%.1f s\t%d\t%d\t%d\t%d\t%d\t%.2f s\n", r.release, r.what, r.took.Seconds(), r.posts, r.taken, r.spooled, r.refused, r.unanswered, r.slowest.Seconds())
	}
	fmt.Fprintln(tabs, "\nledger\tevents\tacknowledged\tlost\tduplicate\tout of order\tcorrupt\tmisrouted\tverdict")
	for _, a := range t.accounts {
		fmt.Fprintf(tabs, "%s\t%d\t%d\t%d\t%d\t%s\t%d\t%d\t%s\n", a.release, a.Sent, a.Acknowledged, a.Lost, a.Duplicate, a.disorder(), a.Corrupt, a.Misrouted, a.verdict())
	}
	tabs.Flush()
}

func (a account) disorder() string {
	if a.unordered {
		return "–"
	}
	return fmt.Sprint(a.Disordered)
}

func (a account) verdict() string {
	if a.Lost+a.Corrupt+a.Misrouted+a.Wrong > 0 || a.Disordered > 0 && !a.unordered || a.Acknowledged == 0 {
		return "FAIL"
	}
	return "clean"
}

// failed is an error that names what must not be, nil where all is well.
func (t *table) failed() error {
	var why []string
	for _, r := range t.rows {
		if n := r.posts - r.taken; r.faultless && n > 0 {
			why = append(why, fmt.Sprintf("%s: %s: %d of %d requests failed", r.release, r.what, n, r.posts))
		}
	}
	for _, a := range t.accounts {
		if a.verdict() != "clean" {
			why = append(append(why, "the ledger of "+a.release+" is not clean"), a.Examples...)
		}
	}
	if why == nil {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(why, "\n"))
}

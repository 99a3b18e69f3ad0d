package redrive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"qlikbridge/bridge/marks"
)

// undoVersion is the form of an undo file; a file of another is refused. It stays where a field comes that may be missing: a file without it says what
// it always said, and one that has it is refused, as a field that it does not know, by a qlik-bridge that would misread it.
const undoVersion = 1

// Undo is what has to be known to take a reset back. It is written before the reset.
type Undo struct {
	Version int       `json:"version"`
	Made    time.Time `json:"made"`
	Cluster string    `json:"cluster"` // the cluster's id
	Group   string    `json:"group"`
	Target  string    `json:"target"` // what the reset was, for people
	Offsets []Reset   `json:"offsets"`
}

// Reset is what was done in one partition.
type Reset struct {
	Topic         string `json:"topic"`
	Partition     int32  `json:"partition"`
	Before        *int64 `json:"before"`                   // nil: the group had no offset
	Metadata      string `json:"metadata,omitempty"`       // what the group had left beside Before
	After         *int64 `json:"after"`                    // nil: the group was left without one
	AfterMetadata string `json:"after_metadata,omitempty"` // what was put beside After: of an undo; else nothing
}

// NewUndo makes the undo of moves.
func NewUndo(group, cluster, target string, moves []Move, now time.Time) Undo {
	u := Undo{Version: undoVersion, Made: now.UTC().Truncate(time.Second), Cluster: cluster, Group: group, Target: target}
	for _, m := range moves {
		u.Offsets = append(u.Offsets, Reset{Topic: m.Topic, Partition: m.Number, Before: pointer(m.Current), Metadata: m.Beside,
			After: pointer(m.Target), AfterMetadata: m.Restored})
	}
	return u
}

func pointer(offset int64) *int64 {
	if offset == None {
		return nil
	}
	return &offset
}

func number(offset *int64) int64 {
	if offset == nil {
		return None
	}
	return *offset
}

// Text is the undo file: JSON that people can read.
func (u Undo) Text() ([]byte, error) {
	text, err := json.MarshalIndent(u, "", "  ")
	return append(text, '\n'), err
}

// ParseUndo reads an undo file, and refuses one that holds anything that it does not know.
func ParseUndo(text []byte) (Undo, error) {
	var u Undo
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(&u)
	if err == nil && d.More() {
		err = errors.New("something follows it")
	}
	if err == nil {
		err = u.check()
	}
	if err != nil {
		return u, fmt.Errorf("no undo file that this qlik-bridge reads: %w", err)
	}
	return u, nil
}

func (u Undo) check() error {
	if u.Version != undoVersion {
		return fmt.Errorf("its version is %d, want %d", u.Version, undoVersion)
	}
	if u.Group == "" || len(u.Offsets) == 0 {
		return errors.New("it names no group, or no offsets")
	}
	seen := map[Partition]bool{}
	for _, r := range u.Offsets {
		if r.Topic == "" || r.Partition < 0 || seen[r.In()] || r.Before != nil && *r.Before < 0 || r.After != nil && *r.After < 0 {
			return fmt.Errorf("its offsets of %s cannot be", r.In())
		}
		seen[r.In()] = true
	}
	return nil
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// FileName is what the undo file of a group is called where nobody says otherwise; it says when the reset was.
func FileName(group string, now time.Time) string {
	return "redrive-" + unfit.ReplaceAllString(group, "_") + "-" + now.UTC().Format("20060102T150405.000Z") + ".json"
}

// In is the partition that was reset.
func (r Reset) In() Partition { return Partition{r.Topic, r.Partition} }

// Moved is a partition in which a group has moved since the reset, so that to take it back would undo more than the reset.
type Moved struct {
	Partition
	Before, After, Current int64
	Reason                 string
}

// Between reports whether an offset is one that the group reaches while it handles what it was given again. A later reset to there looks the same.
func (r Reset) Between(offset int64) bool {
	return r.Before != nil && r.After != nil && *r.After < offset && offset < *r.Before
}

// Back plans the way back. Where the group stands as the reset left it, or has since handled again some of what it was to, the offset goes
// back to where it was; so it does where a later reset left it between the two, which cannot be told (see Between). Where it has gone on beyond that, or somebody else has reset it, going back would lose what was done since: that is
// a *Moved, and with force goes back even so. Like a target, an offset that the partition does not hold any more is outside, unless clamp
// takes the nearest.
func (r Reset) Back(s Standing, force, clamp bool) (Move, *Moved, *Outside) {
	before := number(r.Before)
	m := move(s, before)
	m.Restored = r.Metadata
	if reason := r.moved(s); reason != "" && !force {
		return m, &Moved{s.Partition, before, number(r.After), s.Committed, reason}, nil
	}
	if before == None || m.Effect() == Same {
		return m, nil, nil
	}
	offset, outside := Target{}.within(s, before)
	if outside != nil && !clamp {
		return m, nil, outside
	}
	if outside != nil {
		offset = outside.Nearest
	}
	if m.Target = offset; offset != before {
		m.Restored = "" // it is another offset's
	}
	return m, nil, nil
}

// Gone is what is outside where the reset's topic does not exist any more.
func (r Reset) Gone() Outside {
	asked := "no offset"
	if r.Before != nil {
		asked = fmt.Sprint("offset ", *r.Before)
	}
	return Outside{Standing{Partition: r.In(), Committed: None}, asked, "the topic does not exist any more", None}
}

// moved says why a group that stands somewhere would lose something if the reset were taken back; "" where it would not. What it has done
// beyond its offset is a part of how far it has come, but for what the reset itself put there.
func (r Reset) moved(s Standing) string {
	before, after, current := number(r.Before), number(r.After), s.Committed
	reached, had := marks.Parse(current, s.Beside).Until, marks.Parse(before, r.Metadata).Until
	switch {
	case current == after && (reached == after || r.left(s)), current == before && reached <= had:
		return ""
	case current == None: // nothing to lose
		return ""
	case after == None:
		return "the group has committed an offset since"
	case current < after:
		return "the group has been reset once more since"
	case before != None && before < after, before == None: // events were skipped
		return "the group has handled events since, which it would handle again, or has been reset once more"
	case reached > had:
		return "the group has gone beyond where it was, and would handle events again, or has been reset once more"
	}
	return ""
}

// left reports whether what stands beside the offset says what the reset put there: no less, and no more, also of the events before where it ends.
func (r Reset) left(s Standing) bool {
	return marks.Parse(s.Committed, s.Beside).Text() == marks.Parse(number(r.After), r.AfterMetadata).Text()
}

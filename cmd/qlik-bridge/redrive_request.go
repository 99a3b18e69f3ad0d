package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"qlikbridge/bridge/redrive"
	"qlikbridge/topics"
)

// redriveRequest is what the command was asked for.
type redriveRequest struct {
	now       time.Time
	group     string
	named     []redrive.Named
	selection *topics.Selection // by type and family; nil: neither was given
	target    redrive.Target
	asked     string // the target as it was written
	event     string // id; of ToEvent
	since     time.Time
	only      bool // the event's partition alone
	clamp     bool

	execute  bool
	read     int64
	saveUndo string // "": a name of the group and the time
	undo     string // file
	force    bool

	copyTo  string
	choice  redrive.Choice
	until   time.Time // zero: up to now
	again   bool
	timeout time.Duration
}

// complete reads the words, and says what is missing or too much.
func (w *redriveWords) complete(now time.Time) (redriveRequest, error) {
	w.now = now
	steps := []func() error{w.belong, w.numbers, w.place, w.moments, w.aim}
	if w.undo != "" { // the file says the rest
		steps = steps[:2]
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return redriveRequest{}, badConfig(err)
		}
	}
	return w.redriveRequest, nil
}

// belong refuses flags that mean nothing beside, or without, others.
func (w *redriveWords) belong() error {
	rules := []struct {
		broken bool
		names  []string
		why    string
	}{
		{w.undo != "", slices.Concat(scopeFlags, targetFlags, eventFlags, copyFlags, []string{"copy-to"}), "with --undo: the file says what was done"},
		{w.undo == "", undoFlags, "without --undo"},
		{w.copyTo == "", copyFlags, "without --copy-to"},
		{w.copyTo != "", resetFlags, "with --copy-to, which leaves the group as it is"},
		{w.event == "", eventFlags, "without --to-event"},
	}
	for _, rule := range rules {
		for _, name := range rule.names {
			if rule.broken && w.flags.Changed(name) {
				return fmt.Errorf("--%s means nothing %s", name, rule.why)
			}
		}
	}
	return nil
}

func (w *redriveWords) numbers() error {
	switch {
	case w.group == "" && w.copyTo == "" && w.undo == "":
		return errors.New("which consumer group? --group")
	case w.read < 0:
		return fmt.Errorf("--read %d: 0 or more", w.read)
	case w.offset < 0:
		return fmt.Errorf("--to-offset %d: 0 or more", w.offset)
	case w.timeout <= 0:
		return fmt.Errorf("--timeout %s: more than 0", w.timeout)
	}
	return nil
}

// place reads which topics and which events are meant.
func (w *redriveWords) place() (err error) {
	for _, s := range w.topics {
		named, err := redrive.ParseNamed(s)
		if err != nil {
			return fmt.Errorf("--topic %w", err)
		}
		w.named = append(w.named, named)
	}
	if w.copyTo != "" {
		if err := topics.CheckName(w.copyTo); err != nil {
			return fmt.Errorf("--copy-to %w", err)
		}
	}
	if w.choice.Types, err = topics.Default().Select(w.types, w.families); err != nil {
		return fmt.Errorf("--type, --family: %w", err)
	}
	if len(w.types)+len(w.families) > 0 {
		w.selection = w.choice.Types
	}
	return nil
}

func (w *redriveWords) moments() (err error) {
	if w.since, err = parseMoment("--since", w.from, w.now); err != nil {
		return err
	}
	w.until, err = parseMoment("--until", w.to, w.now)
	return err
}

// aim reads the target.
func (w *redriveWords) aim() error {
	given := slices.DeleteFunc(slices.Clone(targetFlags), func(name string) bool {
		return !w.flags.Changed(name) || w.flags.Lookup(name).Value.String() == "false"
	})
	if len(given) != 1 {
		return fmt.Errorf("where to? one of --%s; got %s", strings.Join(targetFlags, ", --"), got(given))
	}
	w.target.Kind = redrive.Kind(given[0])
	if value := w.flags.Lookup(given[0]).Value; value.Type() != "bool" {
		w.asked = value.String()
	}
	if w.copyTo != "" && (w.target.Kind == redrive.ToLatest || w.target.Kind == redrive.ShiftBy) {
		return fmt.Errorf("--%s does not say which events to copy; one of --to-datetime, --by-duration, --to-event, --to-earliest, --to-offset", given[0])
	}
	return w.measure()
}

func got(given []string) string {
	if len(given) == 0 {
		return "none"
	}
	return "--" + strings.Join(given, " and --")
}

// measure reads what the target's flag says.
func (w *redriveWords) measure() (err error) {
	switch t := &w.target; t.Kind {
	case redrive.ToDateTime:
		if t.Time, err = redrive.ParseDateTime(w.datetime); err != nil {
			return fmt.Errorf("--to-datetime %w", err)
		}
	case redrive.ByDuration:
		ago, err := redrive.ParseDuration(w.duration)
		if err != nil {
			return fmt.Errorf("--by-duration %w", err)
		}
		t.Time = w.now.Add(-ago)
	case redrive.ToOffset:
		t.Number = w.offset
	case redrive.ShiftBy:
		t.Number = w.shift
	}
	return nil
}

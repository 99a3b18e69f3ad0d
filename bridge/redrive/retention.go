package redrive

import (
	"strconv"
	"time"
)

// Keeps is the moment from which on a topic with these settings has deleted nothing by itself at now: retention by time alone deletes what is
// older. The zero time where its settings let it delete what is younger, or do not say.
func Keeps(settings map[string]string, now time.Time) time.Time {
	ms, err := strconv.ParseInt(settings["retention.ms"], 10, 64)
	switch {
	case err != nil, settings["cleanup.policy"] != "delete", settings["retention.bytes"] != "-1":
		return time.Time{}
	case ms < 0 || ms > now.UnixMilli():
		return time.UnixMilli(0)
	}
	return now.Add(-time.Duration(ms) * time.Millisecond)
}

package redrive

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// zones are how a time may name its zone: as RFC 3339 does, and as Kafka's tool takes it too.
var zones = []string{"Z07:00", "Z0700", "Z07"}

// ParseDateTime reads a time of RFC 3339, or one that Kafka's tool takes: without a zone, which is UTC then, or with a shorter one.
func ParseDateTime(s string) (time.Time, error) {
	for _, zone := range append(zones, "") {
		if at, err := time.Parse("2006-01-02T15:04:05"+zone, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q: a time such as 2026-11-23T12:00:00.000 (UTC) or 2026-11-23T12:00:00+01:00", s)
}

// iso is what Java's Duration.parse takes, but for signs.
var iso = regexp.MustCompile(`^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{0,9})?)S)?)?$`)

// ParseDuration reads a duration of ISO 8601 in days, hours, minutes and seconds, as Kafka's tool does, or one of Go.
func ParseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if upper := strings.ToUpper(s); err != nil && strings.HasPrefix(upper, "P") {
		d, err = parseISO(strings.Replace(upper, ",", ".", 1))
	}
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q: a duration such as PT1H30M, P2D or 90m", s)
	}
	return d, nil
}

var errNoDuration = errors.New("no duration")

func parseISO(s string) (time.Duration, error) {
	parts := iso.FindStringSubmatch(s)
	if parts == nil || strings.HasSuffix(s, "P") || strings.HasSuffix(s, "T") {
		return 0, errNoDuration
	}
	days, _ := strconv.ParseInt("0"+parts[1], 10, 64)
	const most = 100_000 // a duration holds little more
	if days > most {
		return 0, errNoDuration
	}
	text := fmt.Sprintf("%dh", 24*days)
	for i, unit := range []string{"h", "m", "s"} {
		if part := strings.TrimSuffix(parts[i+2], "."); part != "" {
			text += part + unit
		}
	}
	return time.ParseDuration(text)
}

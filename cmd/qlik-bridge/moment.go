package main

import (
	"fmt"
	"time"

	"qlikbridge/bridge"
)

// parseMoment reads a flag that is a duration before now or a time; "" is the zero time.
func parseMoment(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := bridge.ParseMoment(s, now)
	if err != nil {
		return at, fmt.Errorf("%s %w", flag, err)
	}
	return at, nil
}

package main

import (
	"fmt"
	"slices"
	"strings"
)

// scenario is one way in which things go wrong. It has a file of its own.
type scenario struct {
	name       string
	about      string // what happens, in a line of the table's legend
	duplicates string // why there may be records beyond the first of an id
	short      bool   // part of -short
	exact      bool   // an event that was posted once may be there only once: nothing crashes that could forget it
	kafka      kafkaKind
	run        func(*stage) // returns when the trouble is over; the rest (heal, replay, check) is the same for all
}

// scenarios are in the order in which they run: those that share a cluster one after another.
var scenarios = []scenario{
	leaderKilled,
	leaderKilledAhead,
	controllerKilled,
	leaderStopped5s,
	leaderStopped30s,
	twoBrokersAway,
	allBrokersAway,
	bridgeKilled,
	bridgeKilledSpooling,
	bridgeKilledReplaying,
	rollingRestart,
	spoolDiskFull,
	spoolFlipped,
	spoolCut,
	topicDeleted,
	clientHangsUp,
	certificateExpired,
	passwordChanged,
	brokerDiskFull,
	packetLoss,
}

// choose takes names with commas between, "" for all, or for the short ones.
func choose(names string, short bool) ([]scenario, error) {
	if names == "" {
		return slices.DeleteFunc(slices.Clone(scenarios), func(sc scenario) bool { return short && !sc.short }), nil
	}
	var chosen []scenario
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(scenarios, func(sc scenario) bool { return sc.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-run: there is no scenario %q; -list lists them", name)
		}
		chosen = append(chosen, scenarios[i])
	}
	return chosen, nil
}

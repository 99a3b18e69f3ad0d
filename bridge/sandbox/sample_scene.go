package sandbox

import (
	"cmp"
	"math/rand/v2"
	"time"
)

// scene is what the templates draw from: who and what one event is about, and the
// methods that make up the rest. The ids of things come in three forms; without
// a name each call gives a new id, with a name (${uuid alert}) always the one
// of that thing of this app, within the event and in every later one.
type scene struct {
	*world
	number uint64 // of the app among the apps
	random *rand.Rand
	at     time.Time

	App    app
	User   person // who acted
	Person person // whom it was done to
	Legacy bool   // for the few data that differ in the legacy envelope

	drawn map[string]string // :: name that the type draws once -> what came
}

func newScene(w *world, n uint64, at time.Time) *scene {
	r := w.random("event", n)
	number := r.Uint64N(uint64(len(w.apps)))
	return &scene{
		world: w, number: number, random: r, at: at, App: w.apps[number],
		User: w.persons[r.IntN(len(w.persons))], Person: w.persons[r.IntN(len(w.persons))],
	}
}

func (s *scene) source(of []string) *rand.Rand {
	if thing := cmp.Or(of...); thing != "" {
		return s.world.random(thing, s.number)
	}
	return s.random
}

// UUID is an id like 3f2a….
func (s *scene) UUID(of ...string) string { return uuid(s.source(of)) }

// Hex is an id of n lower-case hexits; most of Qlik's have 24.
func (s *scene) Hex(n int, of ...string) string { return text(s.source(of), hexits, n) }

// ID32 is an id of 32 characters, as tenants and older users have.
func (s *scene) ID32(of ...string) string { return text(s.source(of), letter, 32) }

// Int is between the two, both included.
func (s *scene) Int(from, to int) int { return from + s.random.IntN(to-from+1) }

// Bool is true half of the time.
func (s *scene) Bool() bool { return s.random.IntN(2) == 0 }

// Rarely is true once in ten times.
func (s *scene) Rarely() bool { return s.random.IntN(10) == 0 }

// Pick is one of the words.
func (s *scene) Pick(words ...string) string { return words[s.random.IntN(len(words))] }

// Time is when the event happened, or that far from it.
func (s *scene) Time(away time.Duration) string { return stamp(s.at.Add(away)) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

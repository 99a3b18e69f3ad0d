package sandbox

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
)

const (
	digits = "0123456789"
	hexits = "0123456789abcdef"
	letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// world is the tenant that the events come from: fixed after construction.
type world struct {
	seed    uint64
	Tenant  string // the tenant's id
	Host    string
	License string
	persons []person
	spaces  []space
	apps    []app
}

type person struct{ ID, Name, Email, Subject, Session string }

type space struct{ ID, Name, Type string }

type app struct {
	ID, Name string
	Owner    person
	Space    space
}

var (
	personNames = strings.Fields(`Ada.Lindqvist Bruno.Keller Chiara.Moretti Dmitri.Novak Elif.Aydin
		Farid.Haddad Greta.Holm Hugo.Marchand Ines.Carvalho Jonas.Weber Kaya.Tanaka Liam.OBrien
		Mara.Kowalska Nils.Bergstrom Olga.Petrova Priya.Raman Quentin.Dubois Rosa.Ibarra Sven.Aalto Tara.Whitfield`)
	spaceNames = []string{"managed:Finance", "managed:Sales", "shared:Supply chain", "shared:People",
		"shared:Marketing", "managed:Service desk", "data:Warehouse staging", "shared:Trial ground"}
	appNames = []string{"Quarterly revenue", "Stock on hand", "Churn watch", "Delivery times", "Campaign returns",
		"Headcount plan", "Open tickets", "Energy use by site", "Supplier scorecard", "Cash flow outlook",
		"Web shop funnel", "Price changes", "Shift planning", "Quality complaints", "Fleet costs",
		"Budget against actuals", "Partner pipeline", "Returns by reason", "Training hours", "Board summary"}
)

func newWorld(seed uint64) *world {
	w := &world{seed: seed, Host: "lindenworks.example.com"}
	r := w.random("world", 0)
	w.Tenant, w.License = text(r, letter, 32), text(r, digits, 16)
	for i, name := range personNames {
		w.persons = append(w.persons, newPerson(r, name, i))
	}
	for _, name := range spaceNames {
		kind, name, _ := strings.Cut(name, ":")
		w.spaces = append(w.spaces, space{text(r, hexits, 24), name, kind})
	}
	for i, name := range appNames {
		w.apps = append(w.apps, app{uuid(r), name, w.persons[i*7%len(w.persons)], w.spaces[i%len(w.spaces)]})
	}
	return w
}

// newPerson has an id of either form: Qlik gave users 32 characters first and 24 hexits later.
func newPerson(r *rand.Rand, dotted string, i int) person {
	id := text(r, letter, 32)
	if i%2 == 0 {
		id = text(r, hexits, 24)
	}
	login := strings.ToLower(dotted)
	return person{id, strings.Replace(dotted, ".", " ", 1), login + "@example.com", "idp|" + login, text(r, letter, 32)}
}

// random is the source of randomness of one purpose: the same for the same arguments.
func (w *world) random(purpose string, n uint64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	return rand.New(rand.NewPCG(w.seed^h.Sum64(), n))
}

func uuid(r *rand.Rand) string {
	b := binary.BigEndian.AppendUint64(nil, r.Uint64()&^0xf000|0x4000)
	b = binary.BigEndian.AppendUint64(b, r.Uint64()&^(3<<62)|2<<62)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func text(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

package sandbox

import (
	"strings"
	"testing"
	"time"
)

// The language of the embedded files is nobody else's business, so this test is inside the package.

func sceneOf(legacy bool) *scene {
	s := newScene(newWorld(1), 1, time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC))
	s.Legacy, s.App.Name, s.drawn = legacy, "Price ${host}", map[string]string{"failed": "true", "minutes": "15"}
	return s
}

func TestTemplate(t *testing.T) {
	sc := scope{
		once:   map[string]string{"failed": "rarely", "minutes": "int 15 120"},
		shared: map[string]string{"outer": "<${use inner}>", "inner": "${time -30m}"},
	}
	tests := []struct{ name, text, want string }{
		{"no marks", `{"a": {"b": 1}} $ }`, `{"a": {"b": 1}} $ }`},
		{"a value is not read again", "${app.name}!", "Price ${host}!"},
		{"times", "${time} ${time -1s} ${time 24h}", "2026-09-01T08:30:00.000Z 2026-09-01T08:29:59.000Z 2026-09-02T08:30:00.000Z"},
		{"pick keeps spaces", "${pick with warnings|with warnings}", "with warnings"},
		{"int of one", "${int 7 7}", "7"},
		{"drawn once", "${minutes} ${minutes} ${failed} ${not failed}", "15 15 true false"},
		{"shared in shared", "${use outer}", "<2026-09-01T08:00:00.000Z>"},
		{"if", "a${if failed}b${end}c${if not failed}d${end}e", "abce"},
		{"if and else", "${if legacy}old${else}new${end}", "new"},
		{"if inside if", "${if failed}${if legacy}1${else}2${end}3${else}4${end}", "23"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			read, err := sc.template(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(read.render(nil, sceneOf(false))); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestValuesOfAScene(t *testing.T) {
	sc := scope{}
	for _, mark := range []string{"hex 24 alert", "uuid alert", "id32 alert"} {
		read, err := sc.template("${" + mark + "} ${" + mark + "} ${" + strings.TrimSuffix(mark, " alert") + "}")
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(string(read.render(nil, sceneOf(false))))
		if got[0] != got[1] || got[0] == got[2] || len(got[0]) != len(got[2]) {
			t.Errorf("%s: got %v, want twice the same and another one", mark, got)
		}
	}
}

// A mistake in a template is found when it is read, and the error names it and what there is instead.
func TestTemplateErrors(t *testing.T) {
	sc := scope{
		once:   map[string]string{"minutes": "int 15 120"},
		shared: map[string]string{"alert": "${hex 24}", "round": "${use about}", "about": "${use round}", "broken": "${tame}"},
	}
	tests := []struct{ text, want string }{
		{"${app.nome}", "${app.nome}: no such value; there are app.id, app.name, app.owner.id,"},
		{"${}", "${}: no such value"},
		{"${tenant x}", "${tenant x}: no such value"},
		{"${use alarm}", "${use alarm}: no such shared text here; there are about, alert, broken, round"},
		{"${use round}", "shared text round: shared text about: ${use round}: no such"},
		{"${use broken}", "shared text broken: ${tame}: no such value"},
		{"${if rearly}x${end}", "${if rearly}: no such condition; there are bool, legacy, rarely, and what once"},
		{"${if minutes}x${end}", "${if minutes}: no such condition"},
		{"${not tenant}", "${not tenant}: no such value"},
		{"${if bool}x", "${if bool} has no ${end}"},
		{"${if bool}x${else}y${else}z${end}", "${if bool} has no ${end}"},
		{"x${end}", "${end} without ${if …}"},
		{"x${else}", "${else} without ${if …}"},
		{"a ${time -5m", "${time -5m has no }"},
		{"${time -5 minutes}", `${time -5 minutes}: time: `},
		{"${hex many}", "${hex many}: "},
		{"${int 5}", "${int 5}: "},
		{"${int 5 4}", "${int 5 4}: 4 is less than 5"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			if _, err := sc.template(tt.text); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s…", err, tt.want)
			}
		})
	}
}

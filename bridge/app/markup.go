package app

import (
	"fmt"
	"html"
	"strings"
)

// markup is HTML, fit to be sent. A constant becomes markup by itself; a string of
// run time does not, so that what forgets to pass through text does not compile.
type markup string

// text is the value as fmt prints it, escaped for the inside of an element or of quotes.
func text(v any) markup { return markup(html.EscapeString(fmt.Sprint(v))) }

func lines(parts ...markup) markup {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(string(p))
		b.WriteByte('\n')
	}
	return markup(b.String())
}

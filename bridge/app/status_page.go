package app

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed status.css
var statusStyle markup

// page is the status page, whole. It is plain Go and not html/template because that
// calls methods by name, for which the linker has to keep every exported method of
// the whole program: 6.5 MB.
func (v view) page() markup {
	title := "qlik-bridge: not ready"
	if v.Ready {
		title = "qlik-bridge: ready"
	}
	return lines(
		`<!doctype html>`,
		`<html lang="en">`,
		`<meta charset="utf-8">`,
		`<meta name="viewport" content="width=device-width">`,
		`<meta http-equiv="refresh" content="5">`,
		`<title>`+text(title)+`</title>`,
		`<style>`,
		statusStyle+`</style>`,
		`<h1>qlik-bridge <small>`+text(v.Version)+`</small></h1>`,
		v.readiness(),
		`<p>Up `+text(v.Up)+` · Kafka `+text(strings.Join(v.Brokers, ", "))+` · topics `+text(v.Prefix)+`*</p>`,
		`<h2>Sources</h2>`,
		v.sources(),
		`<h2>Ingested since the start</h2>`,
		v.ingested(),
		`<p><a href="/metrics">metrics</a> · <a href="/readyz">readyz</a> · <a href="/livez">livez</a>`+v.events()+`</p>`,
		`</html>`,
	)
}

func (v view) readiness() markup {
	if v.Ready {
		return `<p class="ready">Ready: what is answered 200 is in Kafka.</p>`
	}
	list := []markup{`<p class="unready">Not ready:</p>`, `<ul class="unready">`}
	for _, reason := range v.Why {
		list = append(list, `<li>`+text(reason)+`</li>`)
	}
	return lines(append(list, `</ul>`)...)
}

func (v view) events() markup {
	if !v.Events {
		return ""
	}
	return ` · <a href="/events">events as they arrive</a>`
}

func (v view) sources() markup {
	var rows []markup
	for _, s := range v.Sources {
		rows = append(rows, row(cell(s.Name), cell("/webhooks/"+s.Name), cell(s.Secrets)))
	}
	return table(`<th>name</th><th>path</th><th>accepted secrets</th>`, rows)
}

func (v view) ingested() markup {
	if len(v.Counts) == 0 {
		return `<p>Nothing yet.</p>`
	}
	var rows []markup
	for _, c := range v.Counts {
		rows = append(rows, row(cell(c.Source), cell(c.Family), cell(c.Outcome), number(c.Count)))
	}
	return table(`<th>source</th><th>family</th><th>outcome</th><th>deliveries</th>`, rows)
}

func table(head markup, rows []markup) markup {
	return `<table>` + row(head) + "\n" + lines(rows...) + `</table>`
}

func row(cells ...markup) markup {
	var all markup
	for _, c := range cells {
		all += c
	}
	return `<tr>` + all + `</tr>`
}

func cell(v any) markup { return `<td>` + text(v) + `</td>` }

func number(n float64) markup { return `<td class="number">` + text(fmt.Sprintf("%.0f", n)) + `</td>` }

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

const titles = "%-8s %7s %5s %10s %8s %8s %9s %9s %9s %8s %8s %9s %7s\n"

func printHeader(w io.Writer, compared pair) {
	fmt.Fprintf(w, titles, "", "", "conn-", "", "p50", "p99", "CPU µs", "peak RSS", "generator", "others", "stolen", "", "")
	fmt.Fprintf(w, titles, compared.what, "round", "ect.", "events/s", "ms", "ms", "per event", "MiB", "CPU", "CPU", "CPU", "answered", "failed")
}

// print writes one line under printHeader, with the problem, if there is one, on the next.
func (s sample) print(w io.Writer, round string) {
	fmt.Fprintf(w, "%-8s %7s %5d %10.0f %8.2f %8.2f %9.1f %9.1f %8.0f%% %7.0f%% %7.0f%% %9d %7d\n", s.Server, round, s.Connections,
		s.PerSecond, s.P50, s.P99, s.CPU, s.PeakRSS, 100*s.Generator, 100*s.Others, 100*s.Stolen, s.Answered, s.Failed)
	if s.Spooled > 0 && s.Server != spooledPath {
		fmt.Fprintf(w, "  %d of the answers were spooled\n", s.Spooled)
	}
	if s.Problem != "" {
		fmt.Fprintln(w, "  PROBLEM:", s.Problem)
	}
}

func (x ratio) print(w io.Writer) {
	fmt.Fprintf(w, "%-8s %7s %5d %10.2f %8.2f %8.2f %9.2f %9.2f\n", "ratio", "median", x.Connections, x.PerSecond, x.P50, x.P99, x.CPU, x.PeakRSS)
}

// print writes the report to standard output, as opt.output says.
func (r report) print(opt options) error {
	if opt.output == "json" {
		return printJSON(r)
	}
	fmt.Println()
	printHeader(os.Stdout, r.compared)
	for _, m := range r.Medians {
		m.print(os.Stdout, "median")
	}
	for _, x := range r.Ratios {
		x.print(os.Stdout)
	}
	fmt.Printf("\nmedian: answered and failed are sums. ratio: %s/%s, the median of the rounds. CPU of the generator, of others\n", r.compared.left, r.compared.right)
	fmt.Println("(Kafka and whatever else runs) and stolen by the hypervisor: share of all cores. After every measurement (of")
	fmt.Println("the spool: after the replay) the topics held exactly one new record per 200, unless a problem is named.")
	return nil
}

func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

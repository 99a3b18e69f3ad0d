package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"time"
)

// packetLoss plays in a network namespace of its own, into which this program starts itself a second time: Kafka, bridge and sender, all
// on the namespace's loopback. It ends with its processes, so nothing has to be cleaned up.
var packetLoss = scenario{
	name:       "packet-loss",
	about:      "2 % of the packets to and from Kafka are lost for 30 s, in a network namespace of its own",
	duplicates: "records whose acknowledgement took longer than the sender was made to wait",
	kafka:      ownKafka,
	run: func(s *stage) {
		if s.opt.inside == "" {
			s.playInside()
			return
		}
		if err := command("ip", "link", "set", "lo", "up"); err != nil { // a fresh namespace has none
			s.skip("the network of the namespace cannot be set up: %v", err)
		}
		s.startOwnKafka(nil)
		s.send(s.startBridge().url())
		s.published(500)
		dropped, how := s.losePackets()
		s.sleep(30 * time.Second)
		s.published(500)
		n := dropped()
		s.expect(n > 100, "only %d packets were lost: shown is nothing", n)
		s.note("%d packets were lost, %s", n, how)
	},
}

// losePackets prefers netem, which delays as well, and returns who counts the lost ones. The bridges' ports are below 18000: iptables, which
// can tell them apart, spares the sender.
func (s *stage) losePackets() (dropped func() int, how string) {
	netem := command("tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", "2%", "delay", "5ms", "3ms")
	if netem == nil {
		return counter(regexp.MustCompile(`dropped (\d+)`), "tc", "-s", "qdisc", "show", "dev", "lo"), "and all delayed by 5 ms (tc netem)"
	}
	s.say("no netem (%v), trying iptables", netem)
	for _, side := range []string{"--dport", "--sport"} {
		err := command("iptables", "-A", "INPUT", "-i", "lo", "-p", "tcp", side, "18000:32000",
			"-m", "statistic", "--mode", "random", "--probability", "0.02", "-j", "DROP")
		if err != nil {
			s.skip("packets cannot be lost here: %v; %v", netem, err)
		}
	}
	return counter(regexp.MustCompile(`(?m)^ *(\d+) .* DROP `), "iptables", "-L", "INPUT", "-v", "-x", "-n"),
		"by iptables; none was delayed, since this machine has no tc netem"
}

// counter sums what a pattern finds in the output of a command.
func counter(pattern *regexp.Regexp, name string, args ...string) func() int {
	return func() (sum int) {
		out, _ := exec.Command(name, args...).Output() // nothing found is 0, which is told
		for _, found := range pattern.FindAllSubmatch(out, -1) {
			n, _ := strconv.Atoi(string(found[1])) // digits
			sum += n
		}
		return sum
	}
}

func command(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

// playInside takes over the row of the run inside.
func (s *stage) playInside() {
	self, err := os.Executable()
	s.must("find this program", err)
	result := filepath.Join(s.dir, "row.json")
	c := exec.Command(self, "-run", s.scenario.name, "-bridge", s.opt.bridge, "-rate", fmt.Sprint(s.opt.rate), "-keep", "-inside", result)
	c.Stdout, c.Stderr = io.Discard, os.Stderr
	c.Env = append(os.Environ(), "TMPDIR="+s.dir)
	if runtime.GOOS != "linux" {
		s.skip("network namespaces are Linux'")
	}
	inOwnNetwork(c)
	p, err := startProcess(c)
	if err != nil {
		s.skip("no network namespace can be made here: %v", err)
	}
	s.onEnd(p.kill)
	s.until("the run inside ends", 5*time.Minute, func() error {
		if p.running() {
			return fmt.Errorf("it runs")
		}
		return nil
	})
	text, err := os.ReadFile(result)
	s.must("read what the run inside showed", err)
	s.inside = &row{}
	s.must("read what the run inside showed", json.Unmarshal(text, s.inside))
}

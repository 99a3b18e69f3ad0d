package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
		s.note("%s", s.losePackets())
		s.sleep(30 * time.Second)
		s.published(500)
	},
}

// losePackets prefers netem, which delays as well, and says what it did. Ports below 18000 are the bridges': the sender's packets
// are spared by iptables, which can tell them apart.
func (s *stage) losePackets() string {
	netem := command("tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", "2%", "delay", "5ms", "3ms")
	if netem == nil {
		return "packets are lost and delayed by 5 ms (tc netem)"
	}
	s.say("tc netem cannot be had (%v), trying iptables", netem)
	for _, side := range []string{"--dport", "--sport"} {
		err := command("iptables", "-A", "INPUT", "-i", "lo", "-p", "tcp", side, "18000:32000",
			"-m", "statistic", "--mode", "random", "--probability", "0.02", "-j", "DROP")
		if err != nil {
			s.skip("packets cannot be lost here: %v; %v", netem, err)
		}
	}
	return "packets are lost by iptables; there is no delay, since tc netem cannot be had on this machine"
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

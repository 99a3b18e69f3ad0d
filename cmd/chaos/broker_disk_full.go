package main

import (
	"fmt"
	"os"
	"time"
)

// brokerDiskFull fills the disk of one broker, which then ends, and later those of all. Kafka keeps what it has acknowledged; the bridge
// must get along without it.
var brokerDiskFull = scenario{
	name:       "broker-disk-full",
	about:      "each broker has a disk of 64 MB; one broker's is filled, freed, and then all of them for 15 s",
	duplicates: allBrokersAway.duplicates,
	kafka:      ownKafka,
	run: func(s *stage) {
		var disks []string
		for i := range 3 {
			disks = append(disks, s.smallDisk(fmt.Sprintf("disk-%d", i), 64))
		}
		s.startOwnKafka(disks)
		s.send(s.startBridge().url())
		s.published(500)
		s.fullFor(5*time.Second, disks, 0)
		s.published(1000)
		s.fullFor(15*time.Second, disks, 0, 1, 2)
		s.wantSpooled(500)
		s.published(1000)
	},
}

// startOwnKafka starts three brokers for this scenario alone.
func (s *stage) startOwnKafka(dataDirs []string) {
	cluster, err := startKafka(s.ctx, 3, dataDirs)
	s.must("start kafka", err)
	s.cluster = cluster
	s.onEnd(func() { _ = cluster.Close() })
}

// fullFor leaves brokers without a byte of disk, and then gives it back and has them start again.
func (s *stage) fullFor(d time.Duration, disks []string, nodes ...int) {
	s.say("the disk of broker %v is full", nodes)
	var ballast []string
	for _, i := range nodes {
		ballast = append(ballast, s.fill(disks[i]))
	}
	s.sleep(d)
	s.expect(s.ended(nodes) == len(nodes), "%d of the brokers %v ended over a full disk: shown is nothing", s.ended(nodes), nodes)
	for _, file := range ballast {
		s.must("free a disk", os.Remove(file))
	}
	for _, i := range nodes {
		s.must("end a broker", s.cluster.Kill(i)) // where it has not done so itself
	}
	s.restart(nodes...)
}

// ended counts the brokers that do not run.
func (s *stage) ended(nodes []int) (n int) {
	for _, i := range nodes {
		if s.cluster.Resume(i) != nil {
			n++
		}
	}
	return n
}

package main

import "fmt"

// controllerKilled kills the one who decides which broker leads what; as every node is broker and controller, leaders go with it.
var controllerKilled = scenario{
	name:       "controller-killed",
	about:      "the broker that leads the quorum of controllers is killed (-9) and restarted",
	duplicates: leaderKilled.duplicates,
	run: func(s *stage) {
		s.send(s.startBridge().url())
		s.published(500)
		controller := s.controller()
		s.kill(controller)
		s.until("there is another controller", patience, func() error {
			if now, err := s.cluster.Controller(s.ctx); err != nil || now == controller || now < 0 {
				return fmt.Errorf("it is %d (%v)", now, err)
			}
			return nil
		})
		s.published(1000)
		s.restart(controller)
		s.published(500)
	},
}

func (s *stage) controller() (node int) {
	s.until("ask for the controller", patience, func() (err error) {
		node, err = s.cluster.Controller(s.ctx)
		return err
	})
	return node
}

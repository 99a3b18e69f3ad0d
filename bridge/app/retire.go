package app

import "time"

// retire goes on serving for drain_delay, while readyz says no and every answer asks its sender to come back on another connection: time for a
// load balancer to see it and move on. Closing the door at once would refuse whoever is on the way to it.
func (a *App) retire() {
	if !a.serving.Load() {
		return
	}
	a.ingress.Retire()
	if a.config.DrainDelay > 0 {
		a.log.Info("not ready, and still serving", "drain_delay", a.config.DrainDelay.String())
		time.Sleep(a.config.DrainDelay)
	}
}

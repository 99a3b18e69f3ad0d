package sse

import "fmt"

// Config says whether events can be followed over HTTP, and by how many.
type Config struct {
	Enabled    bool `yaml:"enabled" doc:"serve /events on the admin address: the events as they arrive, with their data"`
	Remote     bool `yaml:"remote" doc:"serve /events to other machines too, which nobody has to log in for; false: to this machine alone (in a pod: a port-forward)"`
	MaxClients int  `yaml:"max_clients" doc:"how many may follow /events at once; beyond that 503"`
}

// DefaultConfig is what holds where nothing is configured.
func DefaultConfig() Config { return Config{Enabled: true, MaxClients: 10} }

// mostClients bounds the connections to each broker, and the memory, that followers may take.
const mostClients = 1000

// Validate names the first key that cannot be used, and what would do.
func (c Config) Validate() error {
	if c.Enabled && (c.MaxClients < 1 || c.MaxClients > mostClients) {
		return fmt.Errorf("events.max_clients %d: 1 to %d, or set events.enabled to false", c.MaxClients, mostClients)
	}
	return nil
}

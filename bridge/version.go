package bridge

import "runtime/debug"

// release is set by the linker (make build); a plain `go install` has the module's version instead.
var release string

// Version is that of the binary.
func Version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

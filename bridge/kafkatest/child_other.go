//go:build !linux

package kafkatest

import "os/exec"

// dieWithParent does nothing: only Linux can. After a killed test, java processes stay behind.
func dieWithParent(*exec.Cmd) {}

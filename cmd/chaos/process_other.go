//go:build !linux

package main

import "os/exec"

// dieWithParent does nothing: only Linux can. After a killed run, processes stay behind.
func dieWithParent(*exec.Cmd) {}

// inOwnNetwork does nothing; who asks for it is told before that only Linux can.
func inOwnNetwork(*exec.Cmd) {}

// peakMemory is not known here.
func peakMemory(int) float64 { return 0 }

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// terminal opens both ends of a terminal: what is written to inside can be read from outside.
func terminal(t *testing.T) (outside, inside *os.File) {
	t.Helper()
	outside, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { _ = outside.Close() })
	var locked, number int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &locked, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, outside.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
			t.Skipf("no terminals here: %v", errno)
		}
	}
	inside, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { _ = inside.Close() })
	return outside, inside
}

// TestDeadLetterShowOnTerminal asserts that a body is escaped where a terminal would obey it, and keeps its lines.
func TestDeadLetterShowOnTerminal(t *testing.T) {
	t.Parallel()
	a := startAside(t)
	a.put(t, "invalid_json", "\x1b[2J{\"a\":\n\t\u009b31m\xff")
	outside, inside := terminal(t)
	cmd := exec.Command(binary, "dead-letter", "show", a.brokers, "0/0")
	cmd.Env, cmd.Stdout = environment(), inside
	must(t, cmd.Run())
	buffer := make([]byte, 1<<10)
	n, err := outside.Read(buffer)
	must(t, err)
	got := strings.ReplaceAll(string(buffer[:n]), "\r\n", "\n") // the terminal's doing
	if want := "\\x1b[2J{\"a\":\n\t\\u009b31m\\xff\n"; got != want && got != strings.ReplaceAll(want, "\t", "        ") {
		t.Errorf("got %q, want %q", got, want)
	}
}

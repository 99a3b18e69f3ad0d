package kafkatest

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// Version is the release of Apache Kafka that the processes run; pom.xml names the same one.
const Version = "4.3.0"

// oldestJava is the first release that a Kafka 4 broker runs on.
const oldestJava = 17

//go:embed pom.xml
var pom []byte

// jars returns the class path of Kafka. The first call on a machine has Maven fetch some 60 MB into the user's cache,
// later ones find them there; test binaries that come at the same time wait for each other. Every error wraps ErrUnavailable.
func jars(ctx context.Context) (string, error) {
	if err := haveJava(ctx); err != nil {
		return "", err
	}
	dir, err := jarDir()
	if err != nil {
		return "", fmt.Errorf("%w: no place for the jars: %w", ErrUnavailable, err)
	}
	if err := fetchOnce(ctx, dir); err != nil {
		return "", fmt.Errorf("%w: the jars of kafka %s: %w", ErrUnavailable, Version, err)
	}
	return filepath.Join(dir, "*"), nil
}

// Fetch has the jars there, so that a cluster can be started later where nothing can be fetched. Its errors wrap ErrUnavailable.
func Fetch(ctx context.Context) error {
	_, err := jars(ctx)
	return err
}

// jarDir is named by the content of pom.xml, so that a cache never holds other jars than asked for.
func jarDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(pom)
	name := "kafka-" + Version + "-" + hex.EncodeToString(sum[:])[:12]
	return filepath.Join(cache, "qlik-bridge", name), nil
}

// fetchOnce fetches into dir unless it is there. Only a complete directory ever has that name.
func fetchOnce(ctx context.Context, dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	unlock, err := lockFile(ctx, dir+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(dir); err == nil {
		return nil // another binary was faster
	}
	return fetch(ctx, dir)
}

func fetch(ctx context.Context, dir string) error {
	work, err := os.MkdirTemp(filepath.Dir(dir), "fetching-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(filepath.Join(work, "pom.xml"), pom, 0o644); err != nil {
		return err
	}
	libs := filepath.Join(work, "libs")
	if err := maven(ctx, work, libs); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(libs, "kafka_2.13-"+Version+".jar")); err != nil {
		return fmt.Errorf("pom.xml is not of this version: %w", err)
	}
	return os.Rename(libs, dir)
}

// copyDependencies is one release of the plugin, so that Maven does not warn and choose by itself.
const copyDependencies = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

// maven copies the jars into libs. Its own deadline: a repository that hangs must not hang the tests.
func maven(ctx context.Context, work, libs string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "mvn", "-q", "-B", "-C", "-Dstyle.color=never", copyDependencies,
		"-DincludeScope=runtime", "-DoutputDirectory="+libs)
	cmd.Dir = work
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mvn: %w\n%s", err, end(out))
	}
	return nil
}

var javaMajor = regexp.MustCompile(`version "(\d+)`)

// haveJava asks java for its version, since an old one would fail in the middle of things with a stack trace.
func haveJava(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "java", "-version").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: java -version: %w", ErrUnavailable, err)
	}
	m := javaMajor.FindSubmatch(out)
	if m == nil {
		return fmt.Errorf("%w: no version in the answer of java -version: %s", ErrUnavailable, end(out))
	}
	if major, _ := strconv.Atoi(string(m[1])); major < oldestJava {
		return fmt.Errorf("%w: java is of version %d, kafka %s needs %d", ErrUnavailable, major, Version, oldestJava)
	}
	return nil
}

// end cuts all but the last lines of an output that goes into an error.
func end(out []byte) []byte {
	const most = 3000
	out = bytes.TrimSpace(out)
	if len(out) > most {
		out = append([]byte("... "), out[len(out)-most:]...)
	}
	return out
}

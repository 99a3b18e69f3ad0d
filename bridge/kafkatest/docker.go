package kafkatest

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// pullWithin is the deadline of one image: beyond it the processes are the better Kafka.
const pullWithin = 2 * time.Minute

// standInLabel is true on an image that was put together on the machine instead of being pulled.
const standInLabel = "local.standin"

// startDocker runs one node in a container, where a daemon answers and has, or can pull, the image.
func startDocker(ctx context.Context, opts Options) (*Cluster, error) {
	if opts.Nodes > 1 || opts.Security || opts.DataDirs != nil || opts.Host != loopback {
		return nil, fmt.Errorf("%w: a container is one plain node on loopback with a disk of its own; %s=%s has more", ErrUnavailable, envProvider, ProviderProcesses)
	}
	name := os.Getenv(envImage)
	if name == "" {
		name = "apache/kafka:" + Version
	}
	standIn, err := haveImages(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("%w: docker: %w", ErrUnavailable, err)
	}
	c := &Cluster{provider: "container of " + name}
	if standIn {
		c.provider += " (a stand-in made on this machine)"
	}
	if err := c.contain(ctx, opts, name); err != nil {
		return nil, fmt.Errorf("running %s: %w", name, err)
	}
	return c, nil
}

// haveImages makes sure of the image, and of that of testcontainers' reaper unless that is switched off. Testcontainers would
// pull both as well, but tries again for a quarter of an hour; and panics where it finds no Docker at all.
func haveImages(ctx context.Context, name string) (standIn bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("testcontainers gave up: %v", r)
		}
	}()
	p, err := testcontainers.NewDockerProvider()
	if err != nil {
		return false, err
	}
	defer p.Close()
	if !p.Config().Config.RyukDisabled {
		//lint:ignore SA1019 nothing public says otherwise which image the reaper is
		if _, err := haveImage(ctx, p.Client(), testcontainers.ReaperDefaultImage); err != nil {
			return false, fmt.Errorf("%w; TESTCONTAINERS_RYUK_DISABLED=true does without", err)
		}
	}
	return haveImage(ctx, p.Client(), name)
}

// haveImage pulls an image that is not there, and reports whether it is a stand-in.
func haveImage(ctx context.Context, docker client.APIClient, name string) (standIn bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pullWithin)
	defer cancel()
	if _, err := docker.Ping(ctx, client.PingOptions{}); err != nil {
		return false, err
	}
	image, err := docker.ImageInspect(ctx, name)
	if err != nil {
		return false, pull(ctx, docker, name)
	}
	return image.Config != nil && image.Config.Labels[standInLabel] == "true", nil
}

func pull(ctx context.Context, docker client.APIClient, name string) error {
	progress, err := docker.ImagePull(ctx, name, client.ImagePullOptions{})
	if err == nil {
		err = progress.Wait(ctx)
	}
	if err != nil {
		return fmt.Errorf("image %s: %w", name, err)
	}
	return nil
}

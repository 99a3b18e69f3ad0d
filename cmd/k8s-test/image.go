package main

import (
	"context"
	"path/filepath"
	"strings"
)

// loadImage gives the nodes the image, where a command for that is named.
func loadImage(ctx context.Context, opt options, dir string) error {
	if opt.load == "" {
		return nil
	}
	archive := opt.archive
	if archive == "" {
		archive = filepath.Join(dir, "image.tar")
		if _, err := command(ctx, nil, "docker", "save", "-o", archive, opt.image); err != nil {
			return err
		}
	}
	say("loading %s", opt.image)
	words := strings.Fields(opt.load)
	_, err := command(ctx, nil, words[0], append(words[1:], archive)...)
	return err
}

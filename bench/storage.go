package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// stored messages: so many that what a folder has anyway hardly counts.
const storedMessages = 100_000

// storage measures how much room messages take in the data folder and in a backup.
// There is nothing that it is compared with.
func storage(ctx context.Context, out io.Writer, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := buildWeiche(ctx, dir)
	if err != nil {
		return err
	}
	data, place := filepath.Join(dir, "data"), filepath.Join(dir, "backup")
	from := newMessages(o.senders)
	for _, count := range []int{storedMessages, 0} { // once more, so that the last logs are written out
		p, err := startWeiche(ctx, program, data)
		if err != nil {
			return err
		}
		if count > 0 {
			if err = setUp(ctx, program, data, p); err == nil {
				_, err = send(ctx, p.address, from, o.clients, 0, count)
			}
			p.settle(ctx)
		}
		if err := errors.Join(err, p.stop()); err != nil {
			return err
		}
	}
	if text, err := exec.CommandContext(ctx, program, "backup", "--data", data, "--to", place).CombinedOutput(); err != nil {
		return fmt.Errorf("weiche backup: %w: %s", err, text)
	}
	fmt.Fprintf(out, "  %d messages of %d customers, one a webhook, in bytes a message:\n\n", storedMessages, o.senders)
	for _, folder := range []struct{ name, path string }{
		{"log", filepath.Join(data, "log")},
		{"views", filepath.Join(data, "views")},
		{"keyring", filepath.Join(data, "keyring")},
		{"backup", place},
	} {
		size, err := used(folder.path)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %-8s %6.0f\n", folder.name, float64(size)/storedMessages)
	}
	return nil
}

// used returns the size of all files below a folder, but for the ballast.
func used(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "BALLAST") {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

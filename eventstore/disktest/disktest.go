// Package disktest makes disks for tests: one whose power can be cut, and one
// that is small. Both are real file systems of Linux and need root; where they
// cannot be had, the test says NOT RUN and is skipped.
package disktest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// needRoot skips the test where nothing can be mounted.
func needRoot(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("NOT RUN: a disk of its own needs root on Linux")
	}
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

// unmount waits for those that still have a file open there, as a process has
// until it is gone.
func unmount(dir string) (err error) {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		if err = run("umount", dir); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond) // nobody tells when it is free
	}
	return err
}

// Small mounts a disk of some MiB in memory for the time of the test, and returns
// its folder and what makes it larger.
func Small(t testing.TB, mib int) (dir string, grow func(mib int)) {
	t.Helper()
	needRoot(t)
	dir = t.TempDir()
	if err := run("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", mib), "weiche-test", dir); err != nil {
		t.Skip("NOT RUN: no small disk: ", err)
	}
	t.Cleanup(func() {
		if err := unmount(dir); err != nil {
			t.Error(err)
		}
	})
	return dir, func(mib int) {
		t.Helper()
		if err := run("mount", "-o", fmt.Sprintf("remount,size=%dm", mib), dir); err != nil {
			t.Fatal(err)
		}
	}
}

// Disk is an ext4 file system of its own, in a file.
type Disk struct {
	// Dir is where it is mounted.
	Dir   string
	image string
}

// New makes an empty disk of some MiB and mounts it for the time of the test.
func New(t testing.TB, mib int) *Disk {
	t.Helper()
	needRoot(t)
	root := t.TempDir()
	d := &Disk{Dir: filepath.Join(root, "mnt"), image: filepath.Join(root, "image")}
	err := os.Mkdir(d.Dir, 0o755)
	if err == nil {
		err = os.WriteFile(d.image, nil, 0o600)
	}
	if err == nil {
		err = os.Truncate(d.image, int64(mib)<<20)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", d.image); err != nil {
		t.Skip("NOT RUN: no ext4: ", err)
	}
	if err := d.mount(); err != nil {
		t.Skip("NOT RUN: no loop device: ", err)
	}
	t.Cleanup(func() {
		if err := unmount(d.Dir); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *Disk) mount() error { return run("mount", "-t", "ext4", "-o", "loop", d.image, d.Dir) }

// Cut takes the disk's power: from now on each operation on it fails, and what
// the kernel has not written yet, data and journal, is lost. Processes that use
// the disk go on until they notice.
func (d *Disk) Cut(t testing.TB) {
	t.Helper()
	if err := d.shutdown(); err != nil {
		t.Fatal(err)
	}
}

// Restore gives the disk its power back, after Cut, and mounts it as a boot
// does: the journal is played back. No process may have a file open there, or
// Restore waits for it.
func (d *Disk) Restore(t testing.TB) {
	t.Helper()
	err := unmount(d.Dir)
	if err == nil {
		err = d.mount()
	}
	if err != nil {
		t.Fatal(err)
	}
}

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// place is where a store has its files.
type place struct {
	dir string
	// lock is the file that the store holds open as long as it has the folder.
	lock os.FileInfo
	// next is what to do where the folder is gone.
	next string
}

// lockName is the name of that file in every folder of Pebble's.
const lockName = "LOCK"

// What to do where a folder is gone.
const (
	nextLog   = "mount its disk, or bring it back with weiche restore, and start weiche again"
	nextViews = "the log is all right; start weiche again, and it builds the views anew"
)

// goneError says that a store writes to files that have no name any more.
type goneError struct{ place }

func (e *goneError) Error() string {
	return fmt.Sprintf("the folder %s is gone: it was removed or replaced, or its disk is not mounted any more; %s", e.dir, e.next)
}

// settle notes where the stores are, which are all open.
func (f *folder) settle() error {
	places := []place{
		{dir: filepath.Join(f.dir, "log"), next: nextLog},
		{dir: filepath.Join(f.dir, "keyring", "store"), next: nextLog},
		{dir: filepath.Join(f.dir, "views"), next: nextViews},
	}
	for at := range places {
		lock, err := os.Stat(filepath.Join(places[at].dir, lockName))
		if err != nil {
			return err
		}
		places[at].lock = lock
	}
	f.places.Store(&places)
	return nil
}

// gone returns a goneError where one of the folders, or what is in it, was taken away
// since all were opened. A store notices that late by itself, since what it holds open can
// still be written.
func (f *folder) gone() error {
	if f == nil || f.places.Load() == nil {
		return nil
	}
	for _, p := range *f.places.Load() {
		lock, err := os.Stat(filepath.Join(p.dir, lockName))
		if errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(lock, p.lock) {
			return &goneError{p}
		}
	}
	return nil
}

package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// copyFolder copies a folder of Pebble that nobody writes to, as a kill would
// leave it. Tables, which never change, are linked; what is copied is on disk.
func copyFolder(from, to string) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, file := range files {
		source, target := filepath.Join(from, file.Name()), filepath.Join(to, file.Name())
		if filepath.Ext(source) == ".sst" {
			err = os.Link(source, target)
		} else {
			err = copyFile(source, target)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if _, err := io.Copy(target, source); err != nil {
		return err
	}
	return target.Sync()
}

// sizeOf returns how large the files of a folder with an ending are, in MB; all
// for an empty ending.
func sizeOf(folder, ending string) (float64, error) {
	files, err := os.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	size := 0.0
	for _, file := range files {
		if ending != "" && filepath.Ext(file.Name()) != ending {
			continue
		}
		info, err := file.Info()
		if err != nil {
			return 0, err
		}
		size += float64(info.Size()) / 1e6
	}
	return size, nil
}

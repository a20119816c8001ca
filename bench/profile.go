package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
)

// profiled writes a CPU profile of what f does in this process.
func profiled(out io.Writer, o options, name string, f func() error) (err error) {
	if err := os.MkdirAll(o.profile, 0o755); err != nil {
		return err
	}
	path := filepath.Join(o.profile, name+".cpu.prof")
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	err = f()
	pprof.StopCPUProfile()
	fmt.Fprintf(out, "\n  profile of A: go tool pprof -top %s\n", path)
	return err
}

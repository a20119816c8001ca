package main

import (
	"os"
	"sync"
	"testing"

	"weiche/services/programtest"
)

// programDir is where the program of this package is built for its tests.
var programDir string

func TestMain(m *testing.M) {
	// Programs of several tests run at a time, and the usual address is one.
	os.Setenv("WEICHE_ADMIN", "127.0.0.1:0")
	os.Exit(programtest.Main(m, &programDir))
}

// build builds the program once for all tests.
var build = sync.OnceValues(func() (string, error) { return programtest.Build(programDir, "weiche", ".") })

// program returns the path of the program.
func program(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// weiche runs a command line that ends by itself.
func weiche(t *testing.T, args ...string) programtest.Ran {
	t.Helper()
	return programtest.Run(t, program(t), args...)
}

// adminOf returns where the server on a data folder serves operators.
func adminOf(t *testing.T, data string) string {
	t.Helper()
	return fileText(t, adminURLFile(data))
}

// serving is what weiche serve says once it takes requests.
const serving = `"msg":"serving","http":"([^"]+)"`

// serve starts weiche serve on a data folder.
func serve(t *testing.T, data string, args ...string) (*programtest.Process, string) {
	t.Helper()
	p, address := programtest.Begin(t, serving, program(t),
		append([]string{"serve", "--data", data, "--http", "127.0.0.1:0"}, args...)...)
	return p, "http://" + address
}

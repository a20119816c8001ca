package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/term"
)

// openBrowser shows an address in the browser of who sits at a terminal of a desktop.
// Elsewhere, and where it cannot, nothing happens: the address was printed.
func openBrowser(ctx context.Context, out io.Writer, address string) {
	terminal, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(terminal.Fd())) {
		return
	}
	var command string
	switch runtime.GOOS {
	case "darwin":
		command = "open"
	case "linux", "freebsd", "openbsd", "netbsd":
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return
		}
		command = "xdg-open"
	default:
		return
	}
	if opener := exec.CommandContext(ctx, command, address); opener.Start() == nil {
		go func() { _ = opener.Wait() }()
	}
}

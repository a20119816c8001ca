package main

import "fmt"

// notRun is returned where a comparison needs what this machine does not have.
// The comparisons after it are run all the same.
type notRun struct{ why string }

func (n *notRun) Error() string { return "NOT RUN: " + n.why }

func missing(format string, args ...any) error { return &notRun{fmt.Sprintf(format, args...)} }

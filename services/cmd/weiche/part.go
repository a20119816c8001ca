package main

import (
	"context"
	"net/http"
)

// part is what one role brings into a process. What it has nothing of is nil.
type part struct {
	// edge takes requests and sends, and ends first; core is what that stands on, and
	// ends when the edge has. Each runs until its context ends, and returns nil then.
	edge, core []func(context.Context) error
	// public adds to what is served to everybody, operated to what is to operators.
	public, operated func(*http.ServeMux)
	// vitals adds what the role can be told to work by.
	vitals func(*vitals)
	// troubles are what an operator should know of.
	troubles func() []string
	// again is called after each reconnect of the broker.
	again func()
	// close ends what was opened.
	close func()
}

// unlessEnded makes an error of nothing where the context's end is the reason.
func unlessEnded(run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := run(ctx); ctx.Err() == nil {
			return err
		}
		return nil
	}
}

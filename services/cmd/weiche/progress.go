package main

import (
	"fmt"
	"io"
	"time"

	"weiche/eventstore"
	"weiche/projections"
)

// progress tells people how far something long is: at most once a second, and of
// what is short nothing.
type progress struct {
	out         io.Writer
	stage       string
	began, told time.Time
	from        uint64 // where the stage began
	said        bool
}

func newProgress(out io.Writer) *progress { return &progress{out: out} }

// of is about for what the event store reports.
func (p *progress) of(at eventstore.Progress) { p.about(at.Stage, 0, at.Done, at.Total) }

// ofViews is about for what the projections report.
func (p *progress) ofViews(at projections.Progress) {
	if at.Compared > 0 {
		p.about("rows compared", 0, at.Compared, 0)
		return
	}
	p.about("events folded", at.From, at.Position, at.Total)
}

// about tells how far a stage is that began at from; a total of 0 is not known.
func (p *progress) about(stage string, from, done, total uint64) {
	now := time.Now()
	if stage != p.stage {
		p.stage, p.began, p.told, p.from = stage, now, now, from
		if from > 0 {
			fmt.Fprintf(p.out, "going on after event %d\n", from)
		}
	}
	if now.Sub(p.told) < time.Second {
		return
	}
	p.told, p.said = now, true
	rate := float64(done-p.from) / now.Sub(p.began).Seconds()
	if total == 0 {
		fmt.Fprintf(p.out, "%s: %d, %.0f/s\n", stage, done, rate)
		return
	}
	left := time.Duration(float64(total-min(done, total)) / max(rate, 1) * float64(time.Second))
	fmt.Fprintf(p.out, "%s: %d of %d (%d %%), %.0f/s, %s left\n", stage, done, total, 100*done/total, rate, left.Round(time.Second))
}

// end says that nothing follows.
func (p *progress) end() {
	if p.said {
		fmt.Fprintf(p.out, "%s: done\n", p.stage)
	}
}

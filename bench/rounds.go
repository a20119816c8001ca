package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// rounds are the figures of one thing that was measured on both sides, round by
// round.
type rounds struct {
	what, unit string
	a, b       []float64
	// atLeast or atMost is the goal for the ratio of the medians, a to b; both
	// are 0 where there is none.
	atLeast, atMost float64
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// spread writes a median with the least and the most.
func spread(values []float64) string {
	if len(values) == 0 {
		return "-"
	}
	return fmt.Sprintf("%s (%s-%s)", figure(median(values)), figure(slices.Min(values)), figure(slices.Max(values)))
}

// figure writes a number with three digits that count, or all before the point.
func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func figures(values []float64) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = figure(v)
	}
	return strings.Join(words, " ")
}

// ratios are those of each round.
func (r rounds) ratios() []float64 {
	out := make([]float64, len(r.a))
	for i := range r.a {
		out[i] = r.a[i] / r.b[i]
	}
	return out
}

// verdict compares the ratio of the medians with the goal.
func (r rounds) verdict() string {
	ratio := median(r.a) / median(r.b)
	switch {
	case r.atLeast > 0 && ratio >= r.atLeast, r.atMost > 0 && ratio <= r.atMost:
		return "reached"
	case r.atLeast > 0 || r.atMost > 0:
		return "missed"
	}
	return ""
}

func (r rounds) goal() string {
	switch {
	case r.atLeast > 0:
		return ">= " + figure(r.atLeast)
	case r.atMost > 0:
		return "<= " + figure(r.atMost)
	}
	return "-"
}

// print writes a table: medians with their spread, the ratio of the medians with
// that of single rounds, and the figures of each round.
func print(out io.Writer, a, b string, rows ...rounds) {
	fmt.Fprintf(out, "  A  %s\n  B  %s\n\n", a, b)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  \tunit\tA\tB\tA/B\trounds\tgoal\t")
	for _, r := range rows {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\t%s-%s\t%s\t%s\n", r.what, r.unit, spread(r.a), spread(r.b),
			figure(median(r.a)/median(r.b)), figure(slices.Min(r.ratios())), figure(slices.Max(r.ratios())), r.goal(), r.verdict())
	}
	table.Flush()
	fmt.Fprintln(out)
	for _, r := range rows {
		fmt.Fprintf(out, "  %s: A %s | B %s\n", r.what, figures(r.a), figures(r.b))
	}
}

// inTurn runs a and b one after the other, as often as there are rounds.
func inTurn(ctx context.Context, n int, a, b func(context.Context) error) error {
	for range n {
		if err := a(ctx); err != nil {
			return err
		}
		if err := b(ctx); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"weiche/services/metrics"
)

// unmoved are families in which nothing has to have happened, with why.
var unmoved = map[string]string{
	"weiche_timers_total": "no time has come",
	"weiche_warnings":     "0 is as good",
}

// forms of what nobody may find in a label.
var personal = regexp.MustCompile(`Ana|jacket|\+?\d{8,}|cnv|demo-|wa_|@`)

// TestMetrics plays and lets go wrong, and looks whether everything was counted, by
// names that follow the rules, and without a word of what was said.
func TestMetrics(t *testing.T) {
	l := live(t)
	said := body(t, l.admin+"/metrics", "")
	for _, family := range metrics.Families() {
		at := regexp.MustCompile(`(?m)^` + family.Name + `(_count)?(\{[^}]*\})? (.*)$`)
		lines := at.FindAllStringSubmatch(said, -1)
		moved := slices.ContainsFunc(lines, func(line []string) bool { return line[3] != "0" })
		// A number that is asked for may be 0, and is there all the same.
		asked := len(lines) > 0 && !strings.HasSuffix(family.Name, "_total") && !strings.HasSuffix(family.Name, "_seconds")
		if _, excused := unmoved[family.Name]; !moved && !asked && !excused {
			t.Errorf("%s has not moved", family.Name)
		}
	}
	problems, err := promlint.New(strings.NewReader(said)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		if strings.HasPrefix(problem.Metric, "weiche_") {
			t.Errorf("%s: %s", problem.Metric, problem.Text)
		}
	}
	series := 0
	for line := range strings.Lines(said) {
		if !strings.HasPrefix(line, "weiche_") {
			continue
		}
		series++
		_, labels, _ := strings.Cut(line, "{")
		labels, _, _ = strings.Cut(labels, "} ")
		if found := personal.FindString(labels); found != "" && !strings.HasPrefix(line, "weiche_build_info") {
			t.Errorf("%q in %s", found, line)
		}
	}
	if series < 100 || series > 1500 {
		t.Errorf("there are %d series", series)
	}
	if !personal.MatchString(`weiche_sends_total{to="15550100001"} 1`) {
		t.Error("a number in a label would not be found")
	}
}

// TestMetricsAreWrittenDown compares the families with the table for operators.
func TestMetricsAreWrittenDown(t *testing.T) {
	text, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, family := range metrics.Families() {
		rows = append(rows, family.Row())
	}
	if table := strings.Join(rows, "\n"); !strings.Contains(string(text), "\n"+table+"\n\n") {
		t.Errorf("docs/operations.md does not have this table:\n%s", table)
	}
}

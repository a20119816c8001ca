package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weiche/services/simulator"
)

// What the flags of weiche simulator say goes over the file, or over what it
// starts with.
func TestSimulatorFlags(t *testing.T) {
	config, err := simulatorConfig{
		callbacks: []string{"http://127.0.0.1:1/hook?a=b", "messenger=http://127.0.0.1:1/pages"}, base: "http://sim.example", seed: 9,
		faults: []string{"drop:event=echo", "slow:delay=2s"},
	}.config(true)
	if err != nil {
		t.Fatal(err)
	}
	want := []simulator.Fault{
		{Kind: simulator.FaultDrop, Event: "echo"},
		{Kind: simulator.FaultSlow, Delay: simulator.Duration(2 * time.Second)},
	}
	if diff := cmp.Diff(want, config.Faults); diff != "" {
		t.Error(diff)
	}
	if config.Seed != 9 || config.BaseURL != "http://sim.example" || config.Apps[0].CallbackURL != "http://127.0.0.1:1/hook?a=b" || config.Apps[0].Callbacks["messenger"] != "http://127.0.0.1:1/pages" || len(config.Numbers) != 1 {
		t.Errorf("config %+v", config)
	}
	file := filepath.Join(t.TempDir(), "simulator.json")
	if err := os.WriteFile(file, []byte(`{"seed": 4, "faults": [{"kind": "drop"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err = simulatorConfig{file: file, faults: []string{"slow"}}.config(false)
	if err != nil || config.Seed != 4 || len(config.Faults) != 2 || len(config.Apps) != 0 {
		t.Errorf("config %+v, %v", config, err)
	}
	var usage usageError
	if _, err := (simulatorConfig{faults: []string{"nope"}}).config(false); !errors.As(err, &usage) {
		t.Errorf("a fault that does not exist: %v", err)
	}
}

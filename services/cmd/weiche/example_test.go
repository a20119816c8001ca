package main

import (
	"os"
	"testing"
)

// The set-up that the documentation shows is one that can be read.
func TestSetupExample(t *testing.T) {
	text, err := os.ReadFile("../../../docs/setup.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	account, setup, err := parseSetup(text, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if account != "shop" || len(setup.GetApps()) != 1 || len(setup.GetWidgets()[0].GetOffers()) != 1 {
		t.Errorf("read as %q, %v", account, setup)
	}
}

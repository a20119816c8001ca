package story_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"weiche/services/story"
)

// TestStories plays every story on every stage that fits into one process.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		t.Run("bare", func(t *testing.T) { story.Play(t, path, newBare(t, false)) })
		t.Run("twice", func(t *testing.T) { story.Play(t, path, newBare(t, true)) })
		t.Run("store", func(t *testing.T) {
			stage := newInStore(t)
			story.Play(t, path, stage)
			stage.rebuilt(t)
		})
		t.Run("broker", func(t *testing.T) {
			stage := newInBroker(t)
			story.Play(t, path, stage)
			stage.rebuilt(t)
		})
	})
}

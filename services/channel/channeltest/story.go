package channeltest

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// Story plays the files of a folder: read shows what a reader makes of a body,
// one line for each item as describe returns it; reject wants the error.
func Story(t *testing.T, folder string, reader channel.Reader, none error, describe func(*ingressv1.Item) any) {
	files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", folder, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
				items, err := reader.Read([]byte(d.Input))
				if d.Cmd == "reject" {
					if !errors.Is(err, none) {
						d.Fatalf(t, "%d items, error %v; want %v", len(items), err, none)
					}
					return err.Error()
				}
				if err != nil {
					d.Fatalf(t, "%v", err)
				}
				var lines strings.Builder
				out := json.NewEncoder(&lines)
				out.SetEscapeHTML(false)
				for _, item := range items {
					if err := out.Encode(describe(item)); err != nil {
						d.Fatalf(t, "%v", err)
					}
				}
				return lines.String()
			})
		})
	}
}

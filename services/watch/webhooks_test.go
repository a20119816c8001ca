package watch_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weiche/services/watch"
)

// An app all of whose webhooks failed for 15 minutes alarms, each 15 minutes, until
// one is taken. Others, and what is nobody's, do not matter.
func TestI28FailingWebhooksAlarm(t *testing.T) {
	for _, status := range []int{503, 401} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			w := watch.NewWebhooks(slog.New(slog.NewTextHandler(&log, nil)))
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- w.Run(ctx) }()
			alarms := func() int { return strings.Count(log.String(), "level=ERROR") }
			minutes := func(n, status int) {
				for range n {
					w.Answered("messenger", "page-app", status, 0)
					w.Answered("messenger", "other-app", 200, 0)
					w.Answered("messenger", "", 401, 0)
					time.Sleep(time.Minute)
				}
				synctest.Wait() // the log is read
			}
			minutes(10, status)
			w.Answered("messenger", "page-app", 200, 0)
			minutes(14, status)
			if alarms() != 0 || len(w.Troubles()) != 0 {
				t.Errorf("alarms too soon: %v\n%s", w.Troubles(), &log)
			}
			minutes(2, status)
			troubles := w.Troubles()
			if alarms() != 1 || len(troubles) != 1 || !strings.Contains(troubles[0], "page-app") || strings.Contains(troubles[0], "secret") != (status == 401) {
				t.Errorf("%d alarms, %q", alarms(), troubles)
			}
			minutes(15, status)
			if alarms() != 2 {
				t.Errorf("%d alarms after half an hour\n%s", alarms(), &log)
			}
			minutes(1, 200)
			if len(w.Troubles()) != 0 || !strings.Contains(log.String(), "taken again") {
				t.Errorf("after one that was taken: %v\n%s", w.Troubles(), &log)
			}
			// Failures that are old and alone are forgotten.
			minutes(20, status)
			time.Sleep(25 * time.Hour)
			if len(w.Troubles()) != 0 {
				t.Errorf("a day later: %v", w.Troubles())
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

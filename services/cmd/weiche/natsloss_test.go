package main

import (
	"net/http"
	"testing"
	"time"
)

// TestI01I05I16NATSLosesItsFiles takes the files of the NATS server away, and with them
// every stream, consumer and lease, while sends are asked for and wait. All of it goes on by
// itself: the processes are the same afterwards, nothing that was answered is lost, and
// each reply is sent once.
func TestI01I05I16NATSLosesItsFiles(t *testing.T) {
	graph := newProvider(t)
	l := newLoad(t)
	graph.report = l.reported
	r := newRoleRun(t, graph.URL)
	eventually(t, "the roles to know each other", func() bool {
		response, err := http.Get(r.front.URL + "/media/none")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusNotFound
	}, r.said)
	setUpLoad(t, l, r.data, r.front.URL)
	sends := newSends()
	stop := work(t, l, 2, sends.see)
	defer stop()
	l.isUp(r.front.URL)

	e := &evidence{}
	for range 2 {
		eventually(t, "sends to wait", func() bool { return sends.open(time.Time{}) >= 5 }, r.said)
		e.kills = append(e.kills, sends.open(time.Time{}))
		r.stopNATS()
		r.loseNATS()
		r.startNATS()
		select {
		case <-l.after(20):
		case <-time.After(time.Minute):
			t.Fatalf("webhooks are not answered: %v\n%s", l.statuses, r.said())
		}
	}
	r.settles(l, sends, graph, time.Time{})
	stop()
	r.stopRoles()
	events, left := r.judge(l, graph, e)
	t.Logf("%d events; %d items in %d answers, %v; %d replies, %d of them unknown", events, len(e.answered), l.answers, l.statuses, len(e.replies), left)
	if left > 0 {
		t.Errorf("%d sends became unknown, and no process was killed", left)
	}
}

package simulator

import (
	"container/heap"
	"encoding/json"
	"slices"
	"time"
)

// item is one event on its way to an app.
type item struct {
	seq     int64
	epoch   int
	app     string
	in      *integration // nil for a raw body
	name    string
	body    json.RawMessage
	raw     bool // body is the whole POST
	forged  bool // the signature is wrong
	once    bool // there is one attempt
	standby bool // it goes into standby[]
	due     time.Time
	created time.Time
	behind  int // events that have to pass first; 0 if not held
	index   int // in the heap
	send    int64
	gate    *gate
}

// gate keeps the events of a send, and what is behind them, until the answer
// to the send is written.
type gate struct{ open bool }

func (it *item) waits(now time.Time) bool {
	return it.due.After(now) || (it.gate != nil && !it.gate.open)
}

// queue is what one app is still to get, by due time.
type queue struct {
	items    items
	held     []*item // those that wait for others to pass
	inFlight int
	waiting  []*delivery // those that wait for their next attempt
}

func (q *queue) pending() int {
	return len(q.items) + q.inFlight + len(q.waiting)
}

// publish puts an event in its app's queue, or drops it if the app has no
// callback, is not subscribed, or the configuration or a fault says so. s.mu is
// held.
func (s *Simulator) publish(ev event) {
	setting := s.eventSetting(ev.name)
	if setting.Off {
		return
	}
	if app := s.app(ev.in.app); app == nil || app.callback(ev.in.channel) == "" || !s.wants(ev.in, ev.field) {
		s.totals.Undeliverable++
		return
	}
	now := s.now()
	it := item{
		app: ev.in.app, in: ev.in, name: ev.name, created: now, send: ev.send, gate: ev.gate,
		standby: ev.standby,
		due:     now.Add(time.Duration(setting.Delay + ev.late)),
	}
	raw, err := encode(ev.body)
	if err != nil {
		panic(err) // the shapes are ours and always marshal
	}
	it.body = raw
	var copies []item
	if s.fireOne(ev.in, ev.name, only(FaultDrop)) != nil {
		s.totals.Dropped++
		return
	}
	if r := s.fireOne(ev.in, ev.name, only(FaultMalformed)); r != nil {
		kinds := MalformedKinds()
		s.pushMalformed(ev.in.app, kinds[(r.fired-1)%len(kinds)])
	}
	for _, r := range s.fire(ev.in, ev.name, only(FaultDelay, FaultReorder, FaultDuplicate)) {
		switch r.base {
		case FaultDelay:
			it.due = it.due.Add(time.Duration(r.Delay))
		case FaultReorder:
			it.behind = r.Copies
			it.due = it.due.Add(time.Duration(r.Delay))
		case FaultDuplicate:
			for n := range r.Copies {
				c := it
				c.due = c.due.Add(time.Duration(r.Delay) * time.Duration(n+1))
				copies = append(copies, c)
			}
		}
	}
	s.push(it)
	for _, c := range copies {
		c.behind = 0
		s.push(c)
	}
}

// push queues one event. s.mu is held.
func (s *Simulator) push(it item) {
	q := s.queues[it.app]
	if q == nil {
		q = &queue{}
		s.queues[it.app] = q
	}
	if q.pending() >= s.config.Keep.Pending {
		s.totals.Undeliverable++
		return
	}
	s.itemSeq++
	it.seq, it.epoch = s.itemSeq, s.epoch
	if it.behind > 0 {
		q.held = append(q.held, &it)
	}
	if it.send != 0 {
		s.outstanding[it.send]++
	}
	heap.Push(&q.items, &it)
	s.kick()
}

// pop takes the first event and tells those that it has passed. An event that
// has let enough others pass is the next.
func (q *queue) pop() *item {
	first := heap.Pop(&q.items).(*item)
	first.behind = 0
	q.held = slices.DeleteFunc(q.held, func(it *item) bool {
		if it.behind > 0 && it.seq < first.seq {
			if it.behind--; it.behind == 0 && it.due.After(first.due) {
				it.due = first.due
				heap.Fix(&q.items, it.index)
			}
		}
		return it.behind == 0
	})
	return first
}

// eventSetting merges the settings of an event and of its family.
func (s *Simulator) eventSetting(name string) EventSetting {
	var out EventSetting
	for filter, e := range s.config.Webhooks.Events {
		if filter != "" && matches(filter, name) {
			out.Off = out.Off || e.Off
			out.Delay = max(out.Delay, e.Delay)
		}
	}
	return out
}

func (s *Simulator) app(id string) *App {
	for i := range s.config.Apps {
		if s.config.Apps[i].ID == id {
			return &s.config.Apps[i]
		}
	}
	return nil
}

func ofWebhook(k FaultKind) bool {
	return k == FaultDuplicate || k == FaultDelay || k == FaultReorder || k == FaultDrop || k == FaultMalformed
}

// items is a heap by due time and number.
type items []*item

func (h items) Len() int { return len(h) }

func (h items) Less(a, b int) bool {
	if !h[a].due.Equal(h[b].due) {
		return h[a].due.Before(h[b].due)
	}
	return h[a].seq < h[b].seq
}

func (h items) Swap(a, b int) {
	h[a], h[b] = h[b], h[a]
	h[a].index, h[b].index = a, b
}

// Push is for container/heap.
func (h *items) Push(x any) {
	it := x.(*item)
	it.index = len(*h)
	*h = append(*h, it)
}

// Pop is for container/heap.
func (h *items) Pop() any {
	old := *h
	it := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return it
}

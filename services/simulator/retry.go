package simulator

import (
	"container/heap"
	"slices"
	"time"
)

// schedule is how a channel repeats a delivery that is not answered with 200.
type schedule struct {
	pauses []time.Duration // the last one is repeated
	giveUp time.Duration
}

// schedules are the providers' own: at once, then less and less often.
var schedules = map[Channel]schedule{
	ChannelWhatsApp:  {pauses: []time.Duration{0, time.Second, 5 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour}, giveUp: 7 * 24 * time.Hour},
	ChannelInstagram: {pauses: []time.Duration{0, time.Second, 5 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour}, giveUp: 36 * time.Hour},
	ChannelMessenger: {pauses: []time.Duration{0, time.Second, 5 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute}, giveUp: time.Hour},
}

const (
	unsubscribeAfter = time.Hour // of Messenger
	alertAfter       = 15 * time.Minute
)

// pause is the time between the attempt number tries and the next.
func (s *Simulator) pause(channel Channel, tries int) time.Duration {
	pauses := schedules[channel].pauses
	if own := s.config.Retry.Schedule; len(own) > 0 {
		pauses = nil
		for _, d := range own {
			pauses = append(pauses, time.Duration(d))
		}
	}
	return s.scaled(pauses[min(tries, len(pauses))-1])
}

// giveUp is how long after its first attempt a delivery is given up.
func (s *Simulator) giveUp(channel Channel) time.Duration {
	if own := time.Duration(s.config.Retry.GiveUp); own > 0 {
		return s.scaled(own)
	}
	return s.scaled(schedules[channel].giveUp)
}

func (s *Simulator) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / s.config.Retry.Scale)
}

// failKey is what fails or works as one: an app's webhooks of a channel.
type failKey struct {
	app     string
	channel Channel
}

// judge notes whether an app answers and takes its subscriptions away when it
// has failed for an hour on Messenger. s.mu is held.
func (s *Simulator) judge(d *delivery, ok bool) {
	key := failKey{d.App, d.channel}
	if ok {
		delete(s.failing, key)
		return
	}
	since, known := s.failing[key]
	if !known {
		s.failing[key] = s.now()
		return
	}
	if d.channel == ChannelWhatsApp || s.config.Retry.NeverUnsubscribe || s.now().Sub(since) < s.scaled(unsubscribeAfter) {
		return
	}
	if d.channel == ChannelInstagram && !s.overPage(d.App) {
		return // with a login of its own it keeps the schedule of 36 hours
	}
	delete(s.failing, key)
	for _, in := range s.integrations {
		if in.app == d.App && in.channel == d.channel {
			s.end(in)
		}
	}
}

func (s *Simulator) overPage(app string) bool {
	for _, in := range s.integrations {
		if in.app == app && in.channel == ChannelInstagram && in.page != "" {
			return true
		}
	}
	return false
}

// end takes the subscription of in away, and drops what waits for it. s.mu is
// held.
func (s *Simulator) end(in *integration) {
	s.subscriptions[in.entry] = &subscription{ended: true, since: s.now()}
	s.totals.Unsubscribed++
	q := s.queues[in.app]
	if q == nil {
		return
	}
	lost := func(it *item) bool { return it.in != nil && it.in.id == in.id }
	var kept items
	for _, it := range q.items {
		if lost(it) {
			s.totals.Undeliverable++
			s.settleItem(it.send)
			continue
		}
		kept.Push(it)
	}
	heap.Init(&kept)
	q.items = kept
	q.held = slices.DeleteFunc(q.held, lost)
	q.waiting = slices.DeleteFunc(q.waiting, func(d *delivery) bool {
		if !slices.Equal(d.Integrations, []string{in.id}) {
			return false
		}
		d.State = DeliveryGivenUp
		s.totals.GivenUp++
		s.settle(d)
		return true
	})
}

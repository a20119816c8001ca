package simulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Run delivers webhooks until ctx ends, and then returns nil when every attempt
// under way has ended. What was not delivered stays queued for the next Run. It
// returns ErrRunning if another Run is active.
func (s *Simulator) Run(ctx context.Context) error {
	s.mu.Lock()
	if s.running {
		s.mu.Unlock()
		return ErrRunning
	}
	s.running = true
	s.mu.Unlock()

	var attempts sync.WaitGroup
	for ctx.Err() == nil {
		s.mu.Lock()
		ready, next := s.collect()
		s.mu.Unlock()
		for _, d := range ready {
			attempts.Go(func() { s.attempt(ctx, d) })
		}
		s.sleep(ctx, next)
	}
	attempts.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
	s.releaseHolds()
	return nil
}

// sleep waits until the queues change, or for d if it is not negative.
func (s *Simulator) sleep(ctx context.Context, d time.Duration) {
	var due <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(max(d, time.Millisecond))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-s.wake:
	case <-due:
	}
}

// collect returns the deliveries whose attempt is due and how long it is until
// the next is, negative if nothing waits. s.mu is held.
func (s *Simulator) collect() ([]*delivery, time.Duration) {
	now := s.now()
	var ready []*delivery
	next := time.Duration(-1)
	soon := func(t time.Time) {
		if d := t.Sub(now); next < 0 || d < next {
			next = max(d, 0)
		}
	}
	if s.config.Webhooks.Paused {
		return nil, next
	}
	for app, q := range s.queues {
		for q.inFlight < s.config.Webhooks.InFlight {
			d, at := s.takeDue(app, q, now)
			if d == nil {
				if !at.IsZero() {
					soon(at)
				}
				break
			}
			q.inFlight++
			d.State = DeliveryInFlight
			ready = append(ready, d)
		}
	}
	return ready, next
}

// takeDue takes the next delivery of q: one that waits for its next attempt,
// or a new one. If none is due it returns when one will be.
func (s *Simulator) takeDue(app string, q *queue, now time.Time) (*delivery, time.Time) {
	var at time.Time
	earlier := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	for i, d := range q.waiting {
		if !d.next.After(now) {
			q.waiting = slices.Delete(q.waiting, i, i+1)
			return d, at
		}
		earlier(d.next)
	}
	if len(q.waiting) > 0 && !s.config.Retry.Overtake {
		return nil, at
	}
	if len(q.items) == 0 {
		return nil, at
	}
	first := q.items[0]
	full := first.due
	if len(q.items) < s.config.Webhooks.Batch {
		full = full.Add(time.Duration(s.config.Webhooks.Linger))
	}
	if full.After(now) {
		earlier(full)
		return nil, at
	}
	if first.waits(now) {
		return nil, at
	}
	return s.newDelivery(app, s.takeBatch(q, now)), at
}

// takeBatch takes the events of one POST: those of one object that are due and
// next to each other.
func (s *Simulator) takeBatch(q *queue, now time.Time) []*item {
	var batch []*item
	for len(batch) < s.config.Webhooks.Batch && len(q.items) > 0 {
		it := q.items[0]
		if it.waits(now) || (len(batch) > 0 && !s.together(batch[0], it)) {
			break
		}
		batch = append(batch, q.pop())
	}
	return batch
}

func (s *Simulator) together(a, b *item) bool {
	if a.raw || b.raw || a.in.channel != b.in.channel {
		return false
	}
	return s.config.Webhooks.Merge || a.in.id == b.in.id
}

// newDelivery builds and signs the POST. The app's secret is the present one.
func (s *Simulator) newDelivery(app string, batch []*item) *delivery {
	s.deliverID++
	d := &delivery{epoch: s.epoch, items: len(batch), once: batch[0].once, channel: ChannelWhatsApp}
	if batch[0].in != nil {
		d.channel = batch[0].in.channel
	}
	d.ID, d.App, d.At = s.deliverID, app, s.now()
	for _, it := range batch {
		d.Events = append(d.Events, it.name)
		if it.in != nil && !slices.Contains(d.Integrations, it.in.id) {
			d.Integrations = append(d.Integrations, it.in.id)
		}
		if it.send != 0 {
			d.sends = append(d.sends, it.send)
		}
	}
	body := []byte(batch[0].body)
	if !batch[0].raw {
		body = envelope(batch, s.now())
	}
	d.Body = string(body)
	if a := s.app(app); a != nil {
		d.Signature = Sign(a.Secret, body)
	}
	if batch[0].forged {
		d.Signature = Sign("a secret that is not the app's", body)
	}
	s.delivered.add(d)
	return d
}

// attempt posts d once and decides what becomes of it.
func (s *Simulator) attempt(ctx context.Context, d *delivery) {
	s.mu.Lock()
	app := s.app(d.App)
	var url string
	if app != nil {
		url = app.callback(d.channel)
	}
	timeout := time.Duration(s.config.Retry.Timeout)
	a := Attempt{At: s.now()}
	body, signature := []byte(d.Body), d.Signature
	s.mu.Unlock()

	began := time.Now()
	var err error
	a.Status, err = s.post(ctx, url, body, signature, timeout)
	a.TookMS = time.Since(began).Milliseconds()
	if err != nil {
		a.Error = err.Error()
	}
	s.log.Debug("webhook", "app", d.App, "delivery", d.ID, "status", a.Status, "err", err)

	s.mu.Lock()
	defer s.mu.Unlock()
	if d.epoch != s.epoch {
		return // reset meanwhile: nobody knows this delivery any more
	}
	q := s.queues[d.App]
	q.inFlight--
	d.Tries++
	s.totals.Attempts++
	if d.Attempts = append(d.Attempts, a); len(d.Attempts) > maxAttemptsKept {
		d.Attempts = d.Attempts[1:]
	}
	if !d.once {
		s.judge(d, a.Status == http.StatusOK)
	}
	switch {
	case a.Status == http.StatusOK:
		d.State = DeliveryDelivered
		s.totals.Delivered++
		s.settle(d)
	case d.once || s.now().Sub(d.At) >= s.giveUp(d.channel) || s.unsubscribed(d):
		d.State = DeliveryGivenUp
		s.totals.GivenUp++
		s.settle(d)
	default:
		d.State = DeliveryWaiting
		d.next = s.now().Add(s.pause(d.channel, d.Tries))
		q.waiting = append(q.waiting, d)
	}
	s.touch()
}

// settle counts the events of d as done for the sends that they follow from.
func (s *Simulator) settle(d *delivery) {
	for _, send := range d.sends {
		s.settleItem(send)
	}
}

// settleItem counts one event as done for the send that it follows from.
func (s *Simulator) settleItem(send int64) {
	if s.outstanding[send]--; s.outstanding[send] <= 0 {
		delete(s.outstanding, send)
	}
}

// unsubscribed reports whether nobody wants the events of d any more.
func (s *Simulator) unsubscribed(d *delivery) bool {
	for _, id := range d.Integrations {
		in := s.integrations[id]
		if in == nil {
			continue
		}
		if s.endedOf(in) == nil {
			return false
		}
	}
	return len(d.Integrations) > 0
}

func (s *Simulator) post(ctx context.Context, url string, body []byte, signature string, timeout time.Duration) (int, error) {
	if url == "" {
		return 0, fmt.Errorf("the app has no callback")
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "facebookexternalua")
	request.Header.Set("X-Hub-Signature-256", signature)
	response, err := s.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return 0, err
	}
	return response.StatusCode, nil
}

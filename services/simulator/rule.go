package simulator

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

type rule struct {
	Fault
	base    FaultKind // the kind that a shorthand stands for
	random  *rand.Rand
	matched int
	fired   int
}

var faultBase = map[FaultKind]struct {
	base  FaultKind
	event string
	delay time.Duration
}{
	FaultDuplicate:          {base: FaultDuplicate},
	FaultDelay:              {base: FaultDelay, delay: time.Second},
	FaultReorder:            {base: FaultReorder, delay: 200 * time.Millisecond},
	FaultDrop:               {base: FaultDrop},
	FaultDropDelivered:      {base: FaultDrop, event: eventStatusDelivered},
	FaultEchoLost:           {base: FaultDrop, event: eventEcho},
	FaultEchoLate:           {base: FaultDelay, event: eventEcho, delay: time.Second},
	FaultEchoTwice:          {base: FaultDuplicate, event: eventEcho},
	FaultMalformed:          {base: FaultMalformed},
	FaultError:              {base: FaultError},
	FaultRateLimit:          {base: FaultRateLimit},
	FaultTimeoutBefore:      {base: FaultTimeoutBefore, delay: 30 * time.Second},
	FaultResetBefore:        {base: FaultResetBefore},
	FaultServerErrorBefore:  {base: FaultServerErrorBefore},
	FaultTimeoutAfter:       {base: FaultTimeoutAfter, delay: 30 * time.Second},
	FaultResetAfter:         {base: FaultResetAfter},
	FaultServerErrorAfter:   {base: FaultServerErrorAfter},
	FaultErrorAfter:         {base: FaultErrorAfter},
	FaultNoID:               {base: FaultNoID},
	FaultSlow:               {base: FaultSlow, delay: time.Second},
	FaultStatusBeforeAnswer: {base: FaultStatusBeforeAnswer, delay: 5 * time.Second},
	FaultFailed:             {base: FaultFailed},
	FaultLateFailed:         {base: FaultLateFailed},
	FaultUploadError:        {base: FaultUploadError},
	FaultMediaError:         {base: FaultMediaError},
}

// Faults reports the rules in force and what has fired.
func (s *Simulator) Faults() FaultReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := FaultReport{Faults: []FaultState{}, Fired: maps.Clone(s.fired)}
	for _, r := range s.faults {
		out.Faults = append(out.Faults, FaultState{Fault: r.Fault, Matched: r.matched, Fired: r.fired})
	}
	return out
}

// SetFaults replaces the rules. It returns ErrInvalid, and changes nothing, for
// a kind that does not exist.
func (s *Simulator) SetFaults(faults ...Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.touch()
	return s.setFaults(faults)
}

// AddFault adds a rule behind the present ones and returns it with its id.
func (s *Simulator) AddFault(f Fault) (Fault, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.ID != "" && s.faultIndex(f.ID) >= 0 {
		return Fault{}, fmt.Errorf("%w: fault %q", ErrExists, f.ID)
	}
	for f.ID == "" || s.faultIndex(f.ID) >= 0 {
		s.faultSeq++
		f.ID = fmt.Sprintf("fault-%d", s.faultSeq)
	}
	rules, err := newRules([]Fault{f}, s.config.Seed)
	if err != nil {
		return Fault{}, err
	}
	s.faults = append(s.faults, rules...)
	s.touch()
	return rules[0].Fault, nil
}

// RemoveFault removes a rule. What it fired stays counted.
func (s *Simulator) RemoveFault(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.faultIndex(id)
	if i < 0 {
		return notFound("fault %q", id)
	}
	s.faults = slices.Delete(s.faults, i, i+1)
	s.touch()
	return nil
}

func (s *Simulator) faultIndex(id string) int {
	return slices.IndexFunc(s.faults, func(r *rule) bool { return r.ID == id })
}

func (s *Simulator) setFaults(faults []Fault) error {
	rules, err := newRules(faults, s.config.Seed)
	if err != nil {
		return err
	}
	s.faults = rules
	return nil
}

func newRules(faults []Fault, seed int64) ([]*rule, error) {
	rules := []*rule{}
	ids := map[string]bool{}
	for n, f := range faults {
		base, ok := faultBase[f.Kind]
		switch {
		case !ok:
			return nil, invalid("fault kind %q does not exist", f.Kind)
		case f.Rate < 0 || f.Rate > 1 || f.Times < 0 || f.After < 0 || f.Copies < 0:
			return nil, invalid("fault %q: a number is out of range", f.Kind)
		case f.Event != "" && !ofWebhook(base.base):
			return nil, invalid("fault %q is one of sends and has no event", f.Kind)
		case f.Event != "" && !slices.Contains(eventNames, f.Event):
			return nil, invalid("event %q does not exist", f.Event)
		case base.base == FaultError && f.Code == 0:
			return nil, invalid("fault %q needs a code", f.Kind)
		}
		if f.ID == "" {
			f.ID = fmt.Sprintf("rule-%d", n+1)
		}
		if ids[f.ID] {
			return nil, fmt.Errorf("%w: fault %q", ErrExists, f.ID)
		}
		ids[f.ID] = true
		if f.Event == "" {
			f.Event = base.event
		}
		if f.Delay == 0 {
			f.Delay = Duration(base.delay)
		}
		f.Copies = max(f.Copies, 1)
		sum := hash(seed, "fault", f.ID)
		rules = append(rules, &rule{
			Fault: f, base: base.base,
			random: rand.New(rand.NewPCG(uint64(seed), binary.BigEndian.Uint64(sum[:8]))),
		})
	}
	return rules, nil
}

// fire returns the rules of the wanted kinds that fire on an event of in, in
// their order. s.mu is held.
func (s *Simulator) fire(in *integration, name string, wanted func(FaultKind) bool) []*rule {
	var out []*rule
	for _, r := range s.faults {
		if wanted(r.base) && s.fires(r, in, name) {
			out = append(out, r)
		}
	}
	return out
}

// fireOne returns the first rule of the wanted kinds that fires, nil if none
// does. Those behind it do not see the event.
func (s *Simulator) fireOne(in *integration, name string, wanted func(FaultKind) bool) *rule {
	for _, r := range s.faults {
		if wanted(r.base) && s.fires(r, in, name) {
			return r
		}
	}
	return nil
}

// fires lets r see an event and counts.
func (s *Simulator) fires(r *rule, in *integration, name string) bool {
	if (r.Integration != "" && r.Integration != in.id) || !matches(r.Event, name) {
		return false
	}
	r.matched++
	if r.matched <= r.After || (r.Times > 0 && r.fired >= r.Times) || (r.Rate > 0 && r.random.Float64() >= r.Rate) {
		return false
	}
	r.fired++
	s.fired[r.Kind]++
	return true
}

func only(kinds ...FaultKind) func(FaultKind) bool {
	return func(k FaultKind) bool { return slices.Contains(kinds, k) }
}

// matches reports whether a filter names an event or its family.
func matches(filter, name string) bool {
	return filter == "" || filter == name || strings.HasPrefix(name, filter+".")
}

package query

import (
	"context"
	"fmt"
	"time"

	"weiche/services/blob"
	"weiche/services/broker"
	"weiche/services/directory"
)

// reachFor is how long an answer waits for the views to show what the asker wants.
const reachFor = 2 * time.Second

// Config is what the router's process has at hand.
type Config struct {
	// Directory knows the set-up, with the secrets.
	Directory *directory.Directory
	// Views and Log answer what they are asked.
	Views Views
	Log   Log
	// Public is the log as subscribers see it.
	Public Public
	// Incarnation names this life of the log, and Head returns where it ends.
	Incarnation string
	Head        func() uint64
	// Files are the keys of files.
	Files blob.Keys
	// HashKey returns the key of a domain's hashes, and Domains are those that each
	// role computes.
	HashKey func(domain string) []byte
	Domains map[broker.Role][]string
}

// Server answers what other roles ask.
type Server struct {
	Config
	methods map[string]method
}

// NewServer returns a server.
func NewServer(config Config) *Server {
	s := &Server{Config: config, methods: map[string]method{}}
	for _, m := range methods() {
		s.methods[m.name] = m
	}
	return s
}

// Run answers over a broker until ctx ends, and returns nil then.
func (s *Server) Run(ctx context.Context, b *broker.Broker) error {
	return b.Answer(ctx, broker.Answers{Name: "weiche-router", Methods: Methods(), Answer: s.answer})
}

// answer answers one question.
func (s *Server) answer(ctx context.Context, q broker.Question) ([]byte, broker.Place, error) {
	m, ok := s.methods[q.Method]
	if !ok {
		return nil, broker.Place{}, coded(fmt.Errorf("%w: %s", errQuestion, q.Method))
	}
	at := broker.Place{Incarnation: s.Incarnation}
	if m.views {
		if q.NotBefore.Incarnation == s.Incarnation && q.NotBefore.Position > s.Views.Position() {
			if !s.comes(q.NotBefore) {
				return nil, at, coded(context.DeadlineExceeded)
			}
			waiting, cancel := context.WithTimeout(ctx, reachFor)
			defer cancel()
			if err := s.Views.WaitFor(waiting, q.NotBefore.Position); err != nil {
				return nil, at, coded(err)
			}
		}
		at.Position = s.Views.Position()
	}
	data, err := m.answer(s, ctx, asked{role: q.Role, account: q.Account, notBefore: q.NotBefore}, q.Data)
	return data, at, coded(err)
}

// comes says whether the log has a place. Clients can make up others, and waiting for
// those would keep everybody else from being answered.
func (s *Server) comes(place broker.Place) bool {
	return place.Incarnation == s.Incarnation && place.Position <= s.Head()
}

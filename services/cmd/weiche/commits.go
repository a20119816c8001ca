package main

import (
	"sync"
	"time"
)

// commits knows how long the commits of the last minute have taken.
type commits struct {
	mu sync.Mutex
	// slowest is that of this half minute, and of the one before.
	slowest [2]time.Duration
	began   time.Time
}

const commitSpan = 30 * time.Second

// took is told of a commit.
func (c *commits) took(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(time.Now())
	c.slowest[0] = max(c.slowest[0], d)
}

// slowestLately returns how long the slowest of the last minute has taken.
func (c *commits) slowestLately() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(time.Now())
	return max(c.slowest[0], c.slowest[1])
}

// turn forgets what is past.
func (c *commits) turn(now time.Time) {
	switch gone := now.Sub(c.began); {
	case gone >= 2*commitSpan:
		c.slowest, c.began = [2]time.Duration{}, now
	case gone >= commitSpan:
		c.slowest, c.began = [2]time.Duration{0, c.slowest[0]}, c.began.Add(commitSpan)
	}
}

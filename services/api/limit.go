package api

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits bounds how often somebody may call, and how large files may be. A field that
// is 0 is the default; a negative rate is no bound. Operators may call as often as they
// like.
type Limits struct {
	// VisitorPerSecond and VisitorBurst are for one session: 10 and 40.
	VisitorPerSecond float64
	VisitorBurst     int
	// AddressPerSecond and AddressBurst are for visitors, and who has no token that
	// counts, from one address, of IPv6 from one network of 64 bits: 100 and 600. Behind
	// one address may be a whole office that opens its pages at once.
	AddressPerSecond float64
	AddressBurst     int
	// CallerPerSecond and CallerBurst are for one agent, and one API key: 50 and 200.
	CallerPerSecond float64
	CallerBurst     int
	// LoginPerSecond and LoginBurst are for attempts to log in, from one address and
	// under one name: 0.2 and 30. A browser that has logged in under a name before has
	// its own count for that.
	LoginPerSecond float64
	LoginBurst     int
	// UploadPerSecond and UploadBurst are for the uploads of one address: 0.2 and
	// 20.
	UploadPerSecond float64
	UploadBurst     int
	// Uploads is how many may be under way, of visitors and of agents each: 16.
	Uploads int
	// CallerUploads is how many of them one address of visitors, and one agent or API
	// key, may have: 4; negative is no bound.
	CallerUploads int
	// Streams and AddressStreams are how many streams and sockets one caller, and one
	// address, may have open: 32 and 512; negative is no bound.
	Streams, AddressStreams int
	// VisitorUploadBytes and AgentUploadBytes are the sizes of the largest files:
	// 25 MiB and 100 MiB.
	VisitorUploadBytes, AgentUploadBytes int64
}

func (l *Limits) ensureDefaults() {
	l.VisitorPerSecond = cmp.Or(l.VisitorPerSecond, 10)
	l.VisitorBurst = cmp.Or(l.VisitorBurst, 40)
	l.AddressPerSecond = cmp.Or(l.AddressPerSecond, 100)
	l.AddressBurst = cmp.Or(l.AddressBurst, 600)
	l.CallerPerSecond = cmp.Or(l.CallerPerSecond, 50)
	l.CallerBurst = cmp.Or(l.CallerBurst, 200)
	l.LoginPerSecond = cmp.Or(l.LoginPerSecond, 0.2)
	l.LoginBurst = cmp.Or(l.LoginBurst, 30)
	l.UploadPerSecond = cmp.Or(l.UploadPerSecond, 0.2)
	l.UploadBurst = cmp.Or(l.UploadBurst, 20)
	l.Uploads = cmp.Or(l.Uploads, 16)
	l.CallerUploads = cmp.Or(l.CallerUploads, 4)
	l.Streams = cmp.Or(l.Streams, 32)
	l.AddressStreams = cmp.Or(l.AddressStreams, 512)
	l.VisitorUploadBytes = cmp.Or(l.VisitorUploadBytes, 25<<20)
	l.AgentUploadBytes = cmp.Or(l.AgentUploadBytes, 100<<20)
}

// keptCallers is how many callers of one sort are remembered at least; twice as
// many at most.
const keptCallers = 20_000

// limiter holds a token bucket for each caller in two generations: when the young
// one is full it becomes the old one, and those not seen since are forgotten.
type limiter struct {
	limit rate.Limit
	burst int
	now   func() time.Time
	keep  int

	mu         sync.Mutex
	young, old map[string]*rate.Limiter
}

func newLimiter(perSecond float64, burst int, now func() time.Time) *limiter {
	l := &limiter{limit: rate.Limit(perSecond), burst: burst, now: now, keep: keptCallers, young: map[string]*rate.Limiter{}}
	if perSecond < 0 {
		l.limit = rate.Inf
	}
	return l
}

// allow takes one token of a caller, and says whether there was one.
func (l *limiter) allow(caller string) bool {
	if l.limit == rate.Inf {
		return true
	}
	return l.bucket(caller).AllowN(l.now(), 1)
}

func (l *limiter) bucket(caller string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if bucket := l.young[caller]; bucket != nil {
		return bucket
	}
	bucket := l.old[caller]
	if bucket == nil {
		bucket = rate.NewLimiter(l.limit, l.burst)
	}
	if len(l.young) >= l.keep {
		l.old, l.young = l.young, make(map[string]*rate.Limiter, l.keep)
	}
	l.young[caller] = bucket
	return bucket
}

// caller returns the address that a request comes from: the last one that is not
// a proxy of ours.
func (s *server) caller(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(forwarded) {
		if !s.isProxy(address) {
			break
		}
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		address = before
	}
	if address = address.Unmap().WithZone(""); address.Is6() {
		network, _ := address.Prefix(64)
		return network.String()
	}
	return address.String()
}

func (s *server) isProxy(address netip.Addr) bool {
	return slices.ContainsFunc(s.Proxies, func(network netip.Prefix) bool { return network.Contains(address.Unmap()) })
}

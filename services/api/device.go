package api

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// The cookie of a browser in which an agent has logged in by a password. It lets nobody
// in: tries to log in under the same name count there by themselves, so that whoever
// guesses the password elsewhere does not keep the agent out.
const (
	secureDeviceCookie = "__Host-weiche-device"
	localDeviceCookie  = "weiche-device"
)

// deviceLasts is how long a browser is remembered after a log-in.
const deviceLasts = 365 * 24 * time.Hour

// domainDevice is the domain of the hashes that make such a cookie good for one name.
const domainDevice = "login-device"

// deviceCookie returns the name of the cookie for a request, as sessionCookie does.
func deviceCookie(r *http.Request) string {
	if sessionCookie(r) == localCookie {
		return localDeviceCookie
	}
	return secureDeviceCookie
}

// guessing names whose tries to log in under a name are counted together: those of the
// browser that the call comes from, where it has logged in under that name before, and
// else those of everybody.
func (s *accessService) guessing(ctx context.Context, name string) string {
	id, mark, ok := strings.Cut(wayOf(ctx).device.Value, ".")
	if ok && equal(mark, s.deviceMark(id, name)) {
		return "device " + id
	}
	return "login " + name
}

// remember marks the browser that a call comes from as one that has logged in under a
// name.
func (s *accessService) remember(ctx context.Context, name string) {
	id, _ := newSecret("")
	way := wayOf(ctx)
	http.SetCookie(way.writer, cookieOf(way.device.Name, id+"."+s.deviceMark(id, name), s.Now().Add(deviceLasts)))
}

func (s *accessService) deviceMark(id, name string) string {
	return tokenEncoding.EncodeToString(s.Keys.Hash(domainDevice, id, name))
}

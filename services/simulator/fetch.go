package simulator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"time"
)

// fetched is what came of the address of a medium that a business named.
type fetched struct {
	file     file
	err      error
	tooLarge bool
	at       time.Time
}

const (
	fetchTimeout = 20 * time.Second
	// linkCache is how long WhatsApp gives the bytes of a link again without
	// another request.
	linkCache = 10 * time.Minute
)

// loopbackClient fetches from this machine only: the simulator takes addresses
// from whoever has a token, and must not carry requests into a network.
func loopbackClient() *http.Client {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	return &http.Client{
		Timeout:       fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host)
			if err != nil {
				return nil, err
			}
			for _, a := range addresses {
				if !a.IP.IsLoopback() {
					return nil, fmt.Errorf("%s is not on this machine, and the simulator fetches from nowhere else", host)
				}
			}
			return dialer.DialContext(ctx, network, net.JoinHostPort(addresses[0].IP.String(), port))
		}},
	}
}

// fetchLinks fetches every medium that a call names by its address, before the
// simulator answers the call. Only callers with a token get that far.
func (s *Simulator) fetchLinks(c *call) {
	s.mu.Lock()
	links := s.linksOf(c)
	c.fetched = map[string]fetched{}
	for _, link := range links {
		if got, ok := s.links[link]; ok && s.now().Sub(got.at) < linkCache {
			c.fetched[link] = got
		}
	}
	s.mu.Unlock()
	for _, link := range links {
		if _, ok := c.fetched[link]; ok {
			continue
		}
		got := s.fetch(c.request.Context(), link)
		c.fetched[link] = got
		s.mu.Lock()
		got.at = s.now()
		if got.err == nil && c.has("messaging_product") {
			s.links[link] = got
		}
		s.mu.Unlock()
	}
}

// linksOf finds the addresses of media in a call. s.mu is held.
func (s *Simulator) linksOf(c *call) []string {
	if c.badBody || len(c.path) != 2 || (c.path[1] != "messages" && c.path[1] != "message_attachments") || len(s.owned(c.token)) == 0 {
		return nil
	}
	var links []string
	if c.has("messaging_product") {
		var q whatsAppSend
		if c.decode(&q) != nil {
			return nil
		}
		for _, m := range q.linked() {
			links = append(links, m.Link)
		}
		return links
	}
	var message scopedMessage
	if json.Unmarshal(c.params["message"], &message) != nil {
		return nil
	}
	for _, a := range message.all() {
		if a.Payload.URL != "" {
			links = append(links, a.Payload.URL)
		}
	}
	return links
}

func (s *Simulator) fetch(ctx context.Context, link string) fetched {
	fail := func(err error) fetched { return fetched{err: err} }
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return fail(fmt.Errorf("%q is no address", link))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return fail(err)
	}
	request.Header.Set("User-Agent", "facebookexternalua")
	response, err := s.fetcher.Do(request)
	if err != nil {
		var failure *url.Error
		if errors.As(err, &failure) {
			err = failure.Err
		}
		return fail(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fail(fmt.Errorf("downloading media from weblink failed with http code %d", response.StatusCode))
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, largest+1))
	if err != nil {
		return fail(err)
	}
	if len(data) > largest {
		return fetched{err: errors.New("the file is too large"), tooLarge: true}
	}
	name := path.Base(u.Path)
	if name == "/" || name == "." {
		name = ""
	}
	return fetched{file: file{name: name, mime: cmp.Or(response.Header.Get("Content-Type"), http.DetectContentType(data)), data: data}}
}

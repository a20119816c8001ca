package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Call is one request to the Graph API and its answer. Tokens are redacted.
type Call struct {
	Number  int64             `json:"number"`
	At      time.Time         `json:"at"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   string            `json:"query,omitempty"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body,omitempty"`
	// Status is 0 if a fault left the call without an answer.
	Status int       `json:"status"`
	Answer string    `json:"answer,omitempty"`
	Fault  FaultKind `json:"fault,omitempty"`
}

// CallReport is the last calls, oldest first.
type CallReport struct {
	Total   int64  `json:"total"`
	Evicted int    `json:"evicted"`
	Calls   []Call `json:"calls"`
}

// Calls reports the newest limit Graph calls, all that are kept if limit is 0.
func (s *Simulator) Calls(limit int) CallReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	return CallReport{Total: s.callSeq, Evicted: s.calls.evicted, Calls: s.calls.last(limit)}
}

// call is a Graph request with its parameters, wherever they came from.
type call struct {
	request *http.Request
	method  string
	version string
	path    []string // after the version
	token   string
	query   url.Values
	raw     []byte
	params  map[string]json.RawMessage // of the body
	badBody bool
	files   map[string]file    // of a multipart body
	fetched map[string]fetched // by the address that the body names
}

const (
	maxGraphBody = 1 << 20
	maxUpload    = largest + 1<<20
)

// readCall reads a Graph request. The error is one of reading the body.
func readCall(w http.ResponseWriter, r *http.Request) (*call, error) {
	c := &call{request: r, method: r.Method, query: r.URL.Query()}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	c.version, c.path = parts[0], parts[1:]
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		if err := c.readMultipart(w); err != nil {
			return c, err
		}
	} else {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxGraphBody))
		c.raw = raw
		if err != nil {
			return c, err
		}
		switch form := strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"); {
		case len(raw) == 0:
		case form:
			c.readForm()
		default:
			c.badBody = json.Unmarshal(raw, &c.params) != nil
		}
	}
	c.token = bearer(r)
	if c.token == "" {
		c.token = c.param("access_token")
	}
	return c, nil
}

// bearer is the token of the Authorization header; clients write the scheme in
// either case.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
		return ""
	}
	return token
}

// readForm takes the body as form values.
func (c *call) readForm() {
	values, err := url.ParseQuery(string(c.raw))
	c.badBody = err != nil
	c.take(values)
}

// readMultipart takes a body with files. Of the files, only their size is kept
// with the call.
func (c *call) readMultipart(w http.ResponseWriter) error {
	r := c.request
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	if err := r.ParseMultipartForm(maxUpload); err != nil {
		var tooLarge *http.MaxBytesError
		c.badBody = !errors.As(err, &tooLarge)
		if c.badBody {
			return nil
		}
		return err
	}
	c.take(r.MultipartForm.Value)
	c.files = map[string]file{}
	shown := maps.Clone(c.params)
	for name, headers := range r.MultipartForm.File {
		f, err := headers[0].Open()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(f)
		f.Close()
		if err != nil {
			return err
		}
		c.files[name] = file{name: headers[0].Filename, mime: headers[0].Header.Get("Content-Type"), data: data}
		shown[name] = fmt.Appendf(nil, "%q", fmt.Sprintf("file of %d bytes", len(data)))
	}
	raw, err := json.Marshal(shown)
	if err != nil {
		return err
	}
	c.raw = raw
	return nil
}

// take reads form values that are JSON as JSON and others as strings, as the
// Graph API does.
func (c *call) take(values url.Values) {
	c.params = map[string]json.RawMessage{}
	for name := range values {
		value := []byte(values.Get(name))
		if len(value) == 0 || !json.Valid(value) || !bytes.ContainsAny(value[:1], `{["`) {
			value, _ = json.Marshal(values.Get(name))
		}
		c.params[name] = value
	}
}

// param returns a parameter of the query or the body as text.
func (c *call) param(name string) string {
	if v := c.query.Get(name); v != "" {
		return v
	}
	var text string
	if json.Unmarshal(c.params[name], &text) == nil {
		return text
	}
	return string(c.params[name])
}

// decode reads the body's parameters into v.
func (c *call) decode(v any) error {
	raw, err := json.Marshal(c.params)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

// redact takes the token out of what is kept.
func (c *call) redact(text string) string {
	if c.token == "" {
		return text
	}
	for _, form := range []string{c.token, url.QueryEscape(c.token)} {
		text = strings.ReplaceAll(text, form, "[redacted]")
	}
	return text
}

func (c *call) headers() map[string]string {
	out := map[string]string{}
	for name, values := range c.request.Header {
		out[name] = c.redact(strings.Join(values, ", "))
	}
	return out
}

// record keeps the call with its answer. s.mu is held.
func (s *Simulator) record(c *call, r reply, answer []byte) {
	s.callSeq++
	s.calls.add(Call{
		Number: s.callSeq, At: s.now(), Method: c.method, Path: c.request.URL.Path,
		Query: c.redact(c.request.URL.RawQuery), Headers: c.headers(), Body: c.redact(string(c.raw)),
		Status: r.status, Answer: string(answer), Fault: r.fault,
	})
	s.log.Debug("graph", "method", c.method, "path", c.request.URL.Path, "status", r.status, "fault", r.fault)
}

// has reports whether the body has a parameter.
func (c *call) has(name string) bool {
	raw := c.params[name]
	return len(raw) > 0 && !slices.Equal(raw, []byte("null"))
}

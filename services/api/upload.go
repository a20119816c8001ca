package api

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect/v2"

	"weiche/projections"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/blob"
)

// Where files are uploaded: the body is the file, name= its name, and for agents
// conversation_id= the conversation that it is for.
const (
	agentUploads   = "/v1/uploads"
	visitorUploads = "/v1/widget/uploads"
)

// uploadWithin is how long an upload may take.
const uploadWithin = 10 * time.Minute

// uploaded is the answer to an upload.
type uploaded struct {
	BlobID   string `json:"blob_id"`
	Kind     string `json:"kind"`
	MIMEType string `json:"mime_type"`
	Size     int64  `json:"size"`
	Width    uint32 `json:"width,omitempty"`
	Height   uint32 `json:"height,omitempty"`
}

// uploadOfAgent takes a file for a conversation, sealed with its customer's key.
func (s *server) uploadOfAgent(w http.ResponseWriter, r *http.Request) {
	who := callingAgent(r.Context())
	conversation := r.URL.Query().Get("conversation_id")
	err := known(conversation)
	var customer string
	if err == nil {
		route, routeErr := s.Views.Route(r.Context(), who.account, conversation)
		customer, err = route.GetCustomerId(), routeErr
		if err == nil && route.GetRule() == eventv1.RouteRule_ROUTE_RULE_ERASED || errors.Is(err, projections.ErrNotFound) {
			err = errNotFound
		}
	}
	if err != nil {
		writeFailure(w, err)
		return
	}
	s.upload(w, r, who.account, who.remembered(), blob.ID(customer, rand.Text()), s.Limits.AgentUploadBytes, s.uploading)
}

// uploadOfVisitor takes a file that the visitor may attach to a message.
func (s *server) uploadOfVisitor(w http.ResponseWriter, r *http.Request) {
	v := visitOf(r.Context())
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
	case !s.uploads.allow(s.caller(r)):
		writeFailure(w, errRateLimited)
	default:
		s.upload(w, r, v.widget.Account, s.caller(r), s.uploadID(v, rand.Text()), s.Limits.VisitorUploadBytes, s.visiting)
	}
}

// domainUpload is the domain of the hashes that bind an upload to its visitor.
const domainUpload = "upload"

// uploadID returns the id of an upload of a visitor: only that visitor can use it.
func (s *server) uploadID(v *visit, name string) string {
	mac := s.Keys.Hash(domainUpload, v.widget.Account, v.widget.ID, v.session.Visitor().GetValue(), name)
	return blob.ID(blob.Uploads, name+"-"+hex.EncodeToString(mac[:16]))
}

// isUploadOf says whether a visitor has uploaded a file.
func (s *server) isUploadOf(v *visit, id string) bool {
	name, ok := strings.CutPrefix(id, blob.Uploads+".")
	name, _, cut := strings.Cut(name, "-")
	return ok && cut && equal(id, s.uploadID(v, name))
}

// upload takes the body of a request as a file, where one of the slots is free and the
// caller has not too many of them.
func (s *server) upload(w http.ResponseWriter, r *http.Request, account, caller, id string, limit int64, slots chan struct{}) {
	tooLarge := &failure{
		reason: errorv1.Reason_REASON_TOO_LARGE, message: fmt.Sprintf("a file has at most %d bytes", limit),
		metadata: map[string]string{"limit": fmt.Sprint(limit)},
	}
	if r.ContentLength > limit {
		writeFailure(w, tooLarge)
		return
	}
	of := share{"upload " + caller, s.Limits.CallerUploads}
	if !s.tally.take(of) {
		writeFailure(w, errRateLimited)
		return
	}
	defer s.tally.give(of)
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	default:
		writeFailure(w, fail(errorv1.Reason_REASON_OVERLOADED, "too many uploads are under way"))
		return
	}
	// A file takes longer than a request does otherwise; the bound of requests is
	// that of the server, which may have none to move.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadWithin))
	stored, err := s.Media.Put(r.Context(), account, id, r.URL.Query().Get("name"),
		http.MaxBytesReader(w, r.Body, limit+1), blob.Limits{Bytes: limit, Passive: true})
	switch {
	case err == nil:
	case errors.Is(err, blob.ErrTooLarge):
		err = tooLarge
	case errors.Is(err, blob.ErrType), errors.Is(err, blob.ErrEmpty):
		err = invalid(strings.TrimPrefix(err.Error(), "blob: "))
	case errors.Is(err, blob.ErrNotFound):
		err = errNotFound
	case errors.Is(err, blob.ErrFull):
		err = fail(errorv1.Reason_REASON_OVERLOADED, "there is no room for files")
	case r.Context().Err() != nil:
		return // nobody listens
	default:
		s.Logger.Error("an upload failed", "account", account, "error", err)
		err = fail(errorv1.Reason_REASON_UNAVAILABLE, "the file was not taken")
	}
	if err != nil {
		writeFailure(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(uploaded{
		BlobID: id, Kind: word(blob.KindOf(stored.GetMimeType()), "MEDIA_KIND_"), MIMEType: stored.GetMimeType(),
		Size: stored.GetSize(), Width: stored.GetWidth(), Height: stored.GetHeight(),
	})
}

// statuses are the HTTP statuses of the codes, where a request is no call.
var statuses = map[connect.Code]int{
	connect.CodeUnauthenticated: http.StatusUnauthorized, connect.CodePermissionDenied: http.StatusForbidden,
	connect.CodeNotFound: http.StatusNotFound, connect.CodeInvalidArgument: http.StatusBadRequest,
	connect.CodeResourceExhausted: http.StatusTooManyRequests, connect.CodeUnavailable: http.StatusServiceUnavailable,
}

// writeFailure answers a request that is no call of a service, in the words that
// such a call has.
func writeFailure(w http.ResponseWriter, err error) {
	f, _ := failureOf(err)
	switch {
	case triesAgain(f.reason):
		w.Header().Set("Retry-After", retryAfter)
	case f.reason == errorv1.Reason_REASON_UNAUTHENTICATED:
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(statusOf(f.reason))
	_ = json.NewEncoder(w).Encode(struct {
		Code     string            `json:"code"`
		Message  string            `json:"message"`
		Reason   string            `json:"reason"`
		Metadata map[string]string `json:"metadata,omitempty"`
	}{codeOf(f.reason).String(), f.message, f.reason.String(), f.metadata})
}

// statusOf is the one place where a status of HTTP is chosen.
func statusOf(reason errorv1.Reason) int {
	if reason == errorv1.Reason_REASON_TOO_LARGE {
		return http.StatusRequestEntityTooLarge
	}
	if status, ok := statuses[codeOf(reason)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

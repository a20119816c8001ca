package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"connectrpc.com/connect/v2"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/api"
	"weiche/services/broker"
	"weiche/services/channel"
)

// refusals is what callers are told of each refusal. A refusal without a row
// fails the test.
var refusals = map[ingressv1.Refusal]struct {
	reason errorv1.Reason
	code   connect.Code
}{
	ingressv1.Refusal_REFUSAL_UNSPECIFIED:         {errorv1.Reason_REASON_INTERNAL, connect.CodeInternal},
	ingressv1.Refusal_REFUSAL_NOT_FOUND:           {errorv1.Reason_REASON_NOT_FOUND, connect.CodeNotFound},
	ingressv1.Refusal_REFUSAL_INVALID:             {errorv1.Reason_REASON_INVALID, connect.CodeInvalidArgument},
	ingressv1.Refusal_REFUSAL_TOKEN_REUSED:        {errorv1.Reason_REASON_TOKEN_REUSED, connect.CodeAlreadyExists},
	ingressv1.Refusal_REFUSAL_TOO_LATE:            {errorv1.Reason_REASON_TOO_LATE, connect.CodeDeadlineExceeded},
	ingressv1.Refusal_REFUSAL_CHANNEL_NOT_OFFERED: {errorv1.Reason_REASON_CHANNEL_NOT_OFFERED, connect.CodeFailedPrecondition},
	ingressv1.Refusal_REFUSAL_ALREADY_LINKED:      {errorv1.Reason_REASON_ALREADY_LINKED, connect.CodeAlreadyExists},
	ingressv1.Refusal_REFUSAL_LINK_ENDED:          {errorv1.Reason_REASON_LINK_ENDED, connect.CodeFailedPrecondition},
	ingressv1.Refusal_REFUSAL_NO_SUCH_DESTINATION: {errorv1.Reason_REASON_NO_SUCH_DESTINATION, connect.CodeFailedPrecondition},
	ingressv1.Refusal_REFUSAL_EMPTY_ROUTE:         {errorv1.Reason_REASON_EMPTY_ROUTE, connect.CodeFailedPrecondition},
	ingressv1.Refusal_REFUSAL_ROUTE_CHANGED:       {errorv1.Reason_REASON_ROUTE_CHANGED, connect.CodeAborted},
	ingressv1.Refusal_REFUSAL_CLAIM_LOST:          {errorv1.Reason_REASON_CLAIM_LOST, connect.CodeAborted},
	ingressv1.Refusal_REFUSAL_WIDGET_BINDING:      {errorv1.Reason_REASON_WIDGET_BINDING, connect.CodeFailedPrecondition},
	ingressv1.Refusal_REFUSAL_WINDOW_CLOSED:       {errorv1.Reason_REASON_WINDOW_CLOSED, connect.CodeFailedPrecondition},
	ingressv1.Refusal_REFUSAL_CHANNEL_UNHEALTHY:   {errorv1.Reason_REASON_CHANNEL_UNHEALTHY, connect.CodeFailedPrecondition},
	ingressv1.Refusal_REFUSAL_UNCONFIRMED:         {errorv1.Reason_REASON_UNCONFIRMED, connect.CodeFailedPrecondition},
	ingressv1.Refusal_REFUSAL_UNSUPPORTED_CONTENT: {errorv1.Reason_REASON_UNSUPPORTED_CONTENT, connect.CodeFailedPrecondition},
	ingressv1.Refusal_REFUSAL_SETTINGS_CHANGED:    {errorv1.Reason_REASON_SETTINGS_CHANGED, connect.CodeAborted},
	ingressv1.Refusal_REFUSAL_TAKEN:               {errorv1.Reason_REASON_TAKEN, connect.CodeAlreadyExists},
	ingressv1.Refusal_REFUSAL_WRONG_LOGIN:         {errorv1.Reason_REASON_WRONG_LOGIN, connect.CodeUnauthenticated},
	ingressv1.Refusal_REFUSAL_SIGN_IN_REQUIRED:    {errorv1.Reason_REASON_UNAUTHENTICATED, connect.CodeUnauthenticated},
}

func TestEveryRefusalHasItsReason(t *testing.T) {
	for number, name := range ingressv1.Refusal_name {
		row, ok := refusals[ingressv1.Refusal(number)]
		if !ok {
			t.Errorf("%s has no row", name)
			continue
		}
		if reason := api.ReasonOf(ingressv1.Refusal(number)); reason != row.reason {
			t.Errorf("%s is %v, want %v", name, reason, row.reason)
		}
		if code := api.CodeOf(row.reason); code != row.code {
			t.Errorf("%s has the code %v, want %v", name, code, row.code)
		}
	}
	for number, name := range errorv1.Reason_name {
		reason := errorv1.Reason(number)
		fault := reason == errorv1.Reason_REASON_UNSPECIFIED || reason == errorv1.Reason_REASON_INTERNAL
		if code := api.CodeOf(reason); (code == connect.CodeInternal) != fault {
			t.Errorf("%s has the code %v", name, code)
		}
	}
}

func TestRefusalsAreToldOverHTTP(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	for refusal, row := range refusals {
		s.publish = func(context.Context, channel.Source, *ingressv1.Batch) (*ingressv1.Answer, error) {
			return &ingressv1.Answer{Items: []*ingressv1.ItemAnswer{{
				Status: ingressv1.ItemStatus_ITEM_STATUS_REFUSED, Refusal: refusal, Detail: "conversation 4711",
			}}}, nil
		}
		got := s.call(t, widgetService+"SendMessage", ana, `{"text":"hi","clientToken":"1"}`)
		if got.text("code") != row.code.String() || got.reason() != row.reason.String() {
			t.Errorf("%v is told as %v", refusal, got.values)
		}
		secret := row.code == connect.CodeNotFound || row.code == connect.CodeInternal
		if told := got.text("message") == "conversation 4711"; told == secret {
			t.Errorf("%v says %q", refusal, got.text("message"))
		}
	}
}

func TestWhatTheRouterDoesNotAnswer(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	for _, row := range []struct {
		err    error
		code   string
		reason string
		status int
	}{
		{broker.ErrOverloaded, "unavailable", "OVERLOADED", http.StatusServiceUnavailable},
		{fmt.Errorf("publish: %w", broker.ErrUnavailable), "unavailable", "UNAVAILABLE", http.StatusServiceUnavailable},
		{fmt.Errorf("%w: %w", broker.ErrNoAnswer, context.DeadlineExceeded), "unavailable", "NO_ANSWER", http.StatusServiceUnavailable},
		{broker.ErrClosed, "unavailable", "UNAVAILABLE", http.StatusServiceUnavailable},
		{broker.ErrTooLarge, "resource_exhausted", "TOO_LARGE", http.StatusTooManyRequests},
		{errors.New("disk on fire"), "internal", "INTERNAL", http.StatusInternalServerError},
	} {
		s.publish = func(context.Context, channel.Source, *ingressv1.Batch) (*ingressv1.Answer, error) {
			return nil, row.err
		}
		got := s.want(t, row.code, row.reason, widgetService+"SendMessage", ana, `{"text":"hi","clientToken":"1"}`)
		if got.status != row.status {
			t.Errorf("%v has the status %d", row.err, got.status)
		}
		if retry := got.header.Get("Retry-After") == "1"; retry != (row.code == "unavailable") {
			t.Errorf("%v has Retry-After %q", row.err, got.header.Get("Retry-After"))
		}
		if row.code == "internal" && got.text("message") != "internal error" {
			t.Errorf("the caller is told %q", got.text("message"))
		}
	}
	for _, odd := range []*ingressv1.Answer{
		{},
		{Error: "unreadable"},
		{Items: []*ingressv1.ItemAnswer{{}}},
		{Items: []*ingressv1.ItemAnswer{{Status: ingressv1.ItemStatus_ITEM_STATUS_QUARANTINED}}},
	} {
		s.publish = func(context.Context, channel.Source, *ingressv1.Batch) (*ingressv1.Answer, error) { return odd, nil }
		s.want(t, "internal", "INTERNAL", widgetService+"SendMessage", ana, `{"text":"hi","clientToken":"1"}`)
	}
	s.publish = func(context.Context, channel.Source, *ingressv1.Batch) (*ingressv1.Answer, error) { panic("a bug") }
	s.want(t, "internal", "INTERNAL", widgetService+"SendMessage", ana, `{"text":"hi","clientToken":"1"}`)
	s.publish = nil
	s.must(t, widgetService+"SendMessage", ana, `{"text":"hi","clientToken":"1"}`)
}

func TestACommandCarriesWhoSpeaksAndADeadline(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	var from channel.Source
	var batch *ingressv1.Batch
	s.publish = func(ctx context.Context, source channel.Source, b *ingressv1.Batch) (*ingressv1.Answer, error) {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the wait has no end")
		}
		from, batch = source, b
		return s.give(ctx, source, b)
	}
	s.must(t, widgetService+"SendMessage", ana, `{"text":"hi","clientToken":"1"}`)
	if want := (channel.Source{Kind: channel.KindWidget, Account: "acme", ID: "shop"}); from != want {
		t.Errorf("the source is %v", from)
	}
	command := batch.GetItems()[0].GetWidget()
	if wait := command.GetDeadline().AsTime().Sub(batch.GetReceivedAt().AsTime()).Seconds(); wait < 3 || wait > 5 {
		t.Errorf("the deadline is %v s away", wait)
	}
	if len(command.GetVisitor().GetValue()) != 64 || command.GetVisitor().GetKind() != "visitor" {
		t.Errorf("the visitor is %v", command.GetVisitor())
	}
}

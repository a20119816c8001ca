package egress

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// outcome returns what a sender's return means. Whatever is not stated is
// unknown.
func (a *attempt) outcome(id string, err error) *ingressv1.ReportOutcome {
	var failed *channel.SendError
	switch {
	case err == nil && id == "":
		return a.unknown(&eventv1.SendError{Reason: "no_id"})
	case err == nil:
		report := a.blank()
		report.Outcome = &ingressv1.ReportOutcome_ProviderMessageId{ProviderMessageId: id}
		return report
	case !errors.As(err, &failed):
		a.log.Warn("egress: the outcome is unknown", "error", err)
		return a.unknown(&eventv1.SendError{Reason: wordFor(err)})
	}
	detail := failed.Detail
	if detail == nil {
		detail = &eventv1.SendError{Reason: "unstated"}
	}
	tell := func(what string) {
		a.log.Warn("egress: "+what, "reason", detail.GetReason(), "code", detail.GetCode(), "subcode", detail.GetSubcode(), "error", failed.Cause)
	}
	switch failed.Outcome {
	case channel.Refused:
		tell("refused")
		report := a.blank()
		report.Outcome = &ingressv1.ReportOutcome_Refused{Refused: detail}
		return report
	case channel.Unhealthy:
		tell("not sent, the integration is not served")
		a.config.Events.Unhealthy(a.channel, a.send.GetAccountId(), a.send.GetIntegrationId(), detail.GetReason())
		report := a.later(detail, failed.RetryAfter)
		report.GetNotSent().Unhealthy = true
		return report
	case channel.NotSent:
		tell("not sent")
		return a.later(detail, failed.RetryAfter)
	}
	tell("the outcome is unknown")
	return a.unknown(detail)
}

// effectOf returns what a sender's return says of the integration's way out.
func effectOf(id string, err error) (effect, time.Duration) {
	var failed *channel.SendError
	switch {
	case err == nil && id != "":
		return effectWorked, 0
	case !errors.As(err, &failed):
		return effectFailed, 0
	}
	answered := failed.Detail.GetCode() != 0
	switch failed.Outcome {
	case channel.Refused:
		return effectWorked, 0
	case channel.Unhealthy:
		// The router is told, and holds back what there is.
		return effectNone, 0
	case channel.NotSent:
		switch {
		case failed.Limited:
			return effectLimited, failed.RetryAfter
		case answered:
			return effectWorked, 0
		}
	}
	return effectFailed, 0
}

// wordFor returns our word for an error that is no SendError.
func wordFor(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "timeout"
	}
	return "error"
}

// blank returns a report of this attempt without an outcome.
func (a *attempt) blank() *ingressv1.ReportOutcome {
	return &ingressv1.ReportOutcome{
		SendId: a.send.GetSendId(), Attempt: a.send.GetAttempt(), Nonce: a.nonce,
		IntegrationId: a.send.GetIntegrationId(),
	}
}

func (a *attempt) unknown(why *eventv1.SendError) *ingressv1.ReportOutcome {
	report := a.blank()
	report.Outcome = &ingressv1.ReportOutcome_Unknown{Unknown: why}
	return report
}

func (a *attempt) refused(reason string) *ingressv1.ReportOutcome {
	report := a.blank()
	report.Outcome = &ingressv1.ReportOutcome_Refused{Refused: &eventv1.SendError{Reason: reason}}
	return report
}

func (a *attempt) notSent(reason string) *ingressv1.ReportOutcome {
	return a.later(&eventv1.SendError{Reason: reason}, 0)
}

func (a *attempt) later(why *eventv1.SendError, after time.Duration) *ingressv1.ReportOutcome {
	notSent := &ingressv1.NotSent{Error: why}
	if after > 0 {
		notSent.RetryAfter = durationpb.New(after)
	}
	report := a.blank()
	report.Outcome = &ingressv1.ReportOutcome_NotSent{NotSent: notSent}
	return report
}

// command makes the command of a report.
func (a *attempt) command(report *ingressv1.ReportOutcome) *ingressv1.SenderCommand {
	return &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Outcome{Outcome: report}}
}

// nameOf names the outcome of a report as Events does.
func nameOf(report *ingressv1.ReportOutcome) string {
	switch report.GetOutcome().(type) {
	case *ingressv1.ReportOutcome_ProviderMessageId:
		return OutcomeSent
	case *ingressv1.ReportOutcome_Refused:
		return OutcomeRefused
	case *ingressv1.ReportOutcome_NotSent:
		return OutcomeNotSent
	}
	return OutcomeUnknown
}

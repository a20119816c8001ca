package metrics

import (
	"strconv"
	"strings"
	"time"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/api"
	"weiche/services/blob/fetch"
	"weiche/services/channel"
	"weiche/services/egress"
	"weiche/services/meta"
	"weiche/services/router"
)

// Webhooks counts what webhooks come to.
func (m *Metrics) Webhooks() meta.WebhookEvents {
	return meta.WebhookEvents{
		Refused: func(channelName, reason string) {
			m.count("weiche_webhooks_refused_total", m.channel(channelName), reason)
		},
		Received: func(channelName, _ string, bytes int) {
			m.add("weiche_webhook_received_bytes_total", float64(bytes), m.channel(channelName))
		},
		Item: func(channelName, kind string, routed bool) {
			if !routed && kind != "ignored" {
				kind = "quarantined" // the router keeps what belongs to no integration
			}
			m.count("weiche_webhook_items_total", m.channel(channelName), kind)
		},
		Answered: func(channelName, _ string, status int, took time.Duration) {
			m.count("weiche_webhooks_total", m.channel(channelName), strconv.Itoa(status))
			m.observe("weiche_webhook_duration_seconds", took.Seconds(), m.channel(channelName))
		},
	}
}

// Decisions counts what the router decides.
func (m *Metrics) Decisions() router.Events {
	return router.Events{
		Decided: func(source channel.Kind, status ingressv1.ItemStatus, refusal ingressv1.Refusal) {
			m.count("weiche_decisions_total", string(source), word(status.String(), "ITEM_STATUS_"))
			if refusal != ingressv1.Refusal_REFUSAL_UNSPECIFIED {
				m.count("weiche_refusals_total", string(source), word(refusal.String(), "REFUSAL_"))
			}
		},
		Round: func(items int, took time.Duration) {
			m.observe("weiche_round_items", float64(items))
			m.observe("weiche_round_duration_seconds", took.Seconds())
		},
		Committed: func(_ int, took time.Duration) { m.observe("weiche_commit_duration_seconds", took.Seconds()) },
		Fired:     func(time.Duration) { m.count("weiche_timers_total") },
	}
}

// word is a value of an enum as a label.
func word(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }

// Sends counts what becomes of sends.
func (m *Metrics) Sends() egress.Events {
	claim := func(result string) func(string) {
		return func(channelName string) { m.count("weiche_send_claims_total", m.channel(channelName), result) }
	}
	return egress.Events{
		Held: func(channelName, _, _, why string) {
			m.count("weiche_sends_held_total", m.channel(channelName), why)
		},
		Claimed: claim("granted"), ClaimLost: claim("lost"), Unanswered: claim("unanswered"),
		Attempted: func(channelName, outcome string, took time.Duration) {
			m.count("weiche_sends_total", m.channel(channelName), outcome)
			m.observe("weiche_send_duration_seconds", took.Seconds(), m.channel(channelName))
		},
		Recorded: func(channelName, outcome string) {
			m.count("weiche_send_outcomes_total", m.channel(channelName), outcome, "true")
		},
		Unrecorded: func(channelName, outcome string) {
			m.count("weiche_send_outcomes_total", m.channel(channelName), outcome, "false")
		},
	}
}

// Fetches counts what becomes of files that are fetched.
func (m *Metrics) Fetches() fetch.Events {
	return fetch.Events{Fetched: func(channelName, outcome string, bytes int64, took time.Duration) {
		m.count("weiche_fetches_total", m.channel(channelName), outcome)
		m.add("weiche_fetched_bytes_total", float64(bytes), m.channel(channelName))
		m.observe("weiche_fetch_duration_seconds", took.Seconds(), m.channel(channelName))
	}}
}

// Calls counts what is asked of the API, and its streams.
func (m *Metrics) Calls() api.Events {
	return api.Events{
		Called: func(procedure, code string, streams bool, took time.Duration) {
			m.count("weiche_api_calls_total", procedure, code)
			if !streams {
				m.observe("weiche_api_call_duration_seconds", took.Seconds(), procedure)
			}
		},
		Requested: func(route string, status int, _ time.Duration) {
			m.count("weiche_http_requests_total", route, strconv.Itoa(status))
		},
		StreamOpened: func(transport string) {
			m.gauges["weiche_streams_open"].WithLabelValues(transport).Inc()
		},
		StreamClosed: func(transport, reason string) {
			m.gauges["weiche_streams_open"].WithLabelValues(transport).Dec()
			m.count("weiche_streams_closed_total", transport, reason)
		},
	}
}

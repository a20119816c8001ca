package broker

import (
	"fmt"
	"strings"

	"weiche/services/channel"
)

// The streams.
const (
	// streamIngress holds what channels, widget and agents ask for until the
	// router has answered it.
	streamIngress = "INGRESS"
	// streamOutcomes is the same for what senders claim and report. It goes first.
	streamOutcomes = "OUTCOMES"
	// streamEgress holds the sends that wait for a sender.
	streamEgress = "EGRESS"
	// streamFetch holds the files that wait for a fetcher.
	streamFetch = "FETCH"
	// streamEvents holds the newest events for subscribers.
	streamEvents = "EVENTS"
)

// The subjects. A token in < > is a name, see checkNames.
const (
	// ingress.<partition>.<kind>.<account>.<source>
	subjectIngress = "ingress"
	// outcomes.<partition>.<account>.<instance>
	subjectOutcomes = "outcomes"
	// egress.<channel>.<account>.<integration>
	subjectEgress = "egress"
	// fetch.<channel>.<account>.<integration>
	subjectFetch = "fetch"
	// events.<account>.<category>.<id>
	subjectEvents = "events"
	// signals.<account>.<conversation>.agent or .customer, in no stream: who listens
	// hears it, and nobody else ever does
	subjectSignals = "signals"
	// shown.<channel>.<account>.<integration>, likewise
	subjectShown = "shown"
	// wanted.<channel>.<account>.<integration>, likewise: whose profile is wanted
	subjectWanted = "wanted"
	// receipts.<user>.<broker>.<what>.<number>: where answers and acks come back;
	// <broker> is random, so that nobody else can speak there. The router answers to
	// no subject outside of it, whatever a header says.
	receiptPrefix = "receipts."
	// queries.<role>.<account>.<method>: what a role asks, answered to _INBOX.<user>.>
	subjectQueries = "queries"
	inboxPrefix    = "_INBOX."
	// api.<account>.<back end>.<service>.<method>: what a back end asks for, answered to
	// _INBOX.integrator.<account>.<back end>.>
	subjectAPI = "api"
)

// The durable consumers.
const (
	// durableRouter + <random> is the router's consumer of INGRESS and of OUTCOMES,
	// made anew by every router.
	durableRouter = "router-" + partition + "-"
	// durableEgress + <channel> is the consumer that the senders of a channel share.
	durableEgress = "egress-"
	// durableFetch is the consumer that the fetchers share.
	durableFetch = "fetch"
)

// The key-value bucket of leases, and the router's key in it.
const (
	bucketLeases = "LEASES"
	keyRouter    = "router-" + partition
)

// The headers.
const (
	// headerReceipt, on INGRESS and OUTCOMES: the subject that the answer goes to.
	headerReceipt = "Weiche-Receipt"
	// headerIncarnation and headerPosition, on EVENTS: the place in the log.
	headerIncarnation = "Weiche-Incarnation"
	headerPosition    = "Weiche-Position"
	// headerVersion, on EVENTS: the place in the event's stream.
	headerVersion = "Weiche-Version"
	// headerSequence, on EVENTS: the place among the account's events, without gaps.
	headerSequence = "Weiche-Sequence"
	// headerType, on EVENTS: the public type; empty where nothing is public.
	headerType = "Weiche-Type"
)

// The headers of what back ends ask for: how it is written, and the client's id of it;
// and of the answers: in how many seconds the same may succeed.
const (
	headerContentType = "Content-Type"
	headerIdempotency = "Idempotency-Key"
	headerRetryAfter  = "Retry-After"
)

// metaIncarnation, in the metadata of a stream: the log that it carries to.
const metaIncarnation = "weiche-incarnation"

// partition is the one partition that there is.
const partition = "0"

// maxName bounds one token of a subject.
const maxName = 128

// checkNames returns ErrName unless each name can stand as one token of a
// subject: 1 to 128 bytes of [A-Za-z0-9_-].
func checkNames(names ...string) error {
	for _, name := range names {
		if name == "" || len(name) > maxName || strings.ContainsFunc(name, notOfName) {
			return fmt.Errorf("%w: %.*q", ErrName, maxName, name)
		}
	}
	return nil
}

func notOfName(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}

// subjectFor is where a source speaks.
func subjectFor(from channel.Source) (string, error) {
	if err := checkNames(from.Account, from.ID); err != nil {
		return "", err
	}
	switch from.Kind {
	case channel.KindChannel, channel.KindWidget, channel.KindAgent:
		return strings.Join([]string{subjectIngress, partition, string(from.Kind), from.Account, from.ID}, "."), nil
	case channel.KindEgress:
		return strings.Join([]string{subjectOutcomes, partition, from.Account, from.ID}, "."), nil
	}
	return "", fmt.Errorf("%w: kind %.*q", ErrName, maxName, from.Kind)
}

// sourceOf is who speaks on a subject of INGRESS or OUTCOMES.
func sourceOf(subject string) (channel.Source, error) {
	var from channel.Source
	switch part := strings.Split(subject, "."); {
	case len(part) == 5 && part[0] == subjectIngress:
		from = channel.Source{Kind: channel.Kind(part[2]), Account: part[3], ID: part[4]}
	case len(part) == 4 && part[0] == subjectOutcomes:
		from = channel.Source{Kind: channel.KindEgress, Account: part[2], ID: part[3]}
	}
	if canonical, err := subjectFor(from); err != nil || canonical != subject {
		return channel.Source{}, fmt.Errorf("%w: subject %.*q", ErrName, 4*maxName, subject)
	}
	return from, nil
}

func egressSubject(channel, account, integration string) (string, error) {
	if err := checkNames(channel, account, integration); err != nil {
		return "", err
	}
	return strings.Join([]string{subjectEgress, channel, account, integration}, "."), nil
}

func fetchSubject(channel, account, integration string) (string, error) {
	if err := checkNames(channel, account, integration); err != nil {
		return "", err
	}
	return strings.Join([]string{subjectFetch, channel, account, integration}, "."), nil
}

// By whom a signal is.
const (
	byAgent    = "agent"
	byCustomer = "customer"
)

func signalSubject(account, conversation string, agent bool) (string, error) {
	if err := checkNames(account, conversation); err != nil {
		return "", err
	}
	by := byCustomer
	if agent {
		by = byAgent
	}
	return strings.Join([]string{subjectSignals, account, conversation, by}, "."), nil
}

// toSenders is a subject of what senders of a channel are told.
func toSenders(what, channel, account, integration string) (string, error) {
	if err := checkNames(channel, account, integration); err != nil {
		return "", err
	}
	return strings.Join([]string{what, channel, account, integration}, "."), nil
}

func eventSubject(account, category, id string) (string, error) {
	if err := checkNames(account, category, id); err != nil {
		return "", err
	}
	return strings.Join([]string{subjectEvents, account, category, id}, "."), nil
}

// filterSubject matches the events of a filter.
func filterSubject(filter Filter) (string, error) {
	subject := subjectEvents
	for _, name := range []string{filter.Account, filter.Category, filter.ID} {
		if name == "" {
			subject += ".*"
			continue
		}
		if err := checkNames(name); err != nil {
			return "", err
		}
		subject += "." + name
	}
	return subject, nil
}

// isReceipt reports whether an answer may go to a subject.
func isReceipt(subject string) bool {
	rest, ok := strings.CutPrefix(subject, receiptPrefix)
	if !ok {
		return false
	}
	return checkNames(strings.Split(rest, ".")...) == nil
}

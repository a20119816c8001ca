// Package story plays stories: text files that say who writes what over which
// channel, and what follows. The same files run on every stage, from the bare
// decisions to real processes, with the same outcome.
//
// A file holds steps of the form that datadriven reads: a directive, its lines,
// and below ---- what is to come of it.
//
//	play     each line is done, and what happened is told in words
//	trace    the same with every event, those of lanes and identities too
//	view     timeline | whatsapp | messenger | instagram | widget | route |
//	         customer, of the conversation that is named (c1) or the last; or
//	         inbox, of open or closed ones, with label=… or assignee=…
//	setup    changes the account: confirmation=immediate offers=(whatsapp,messenger)
//
// The lines of play are in lines.go. Outcomes show names and what is relative,
// never ids or times.
package story

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/conversation"
)

// Stage is where a story is played.
type Stage interface {
	// Publish hands one item to the system and waits for its answer.
	Publish(t testing.TB, from Speaker, item *ingressv1.Item) *ingressv1.ItemAnswer
	// Events returns what happened from a place in the log on, in order and
	// with its content; 0 is the beginning.
	Events(t testing.TB, from int) []conversation.Event
	// Now is the stage's time; Advance lets it pass and what is due happen.
	Now() time.Time
	Advance(t testing.TB, by time.Duration)
	// Code returns the code of a link, as the widget shows it.
	Code(linkID string) string
	// The views, as they stand after everything that was published.
	Timeline(t testing.TB, conversationID string) []*viewv1.TimelineItem
	Channel(t testing.TB, conversationID, integrationID string) *viewv1.ChannelView
	Route(t testing.TB, conversationID string) *viewv1.Route
	Customer(t testing.TB, customerID string) *viewv1.Customer
	Inbox(t testing.TB, query *viewv1.InboxQuery) []*viewv1.ConversationSummary
}

// Real is a stage with senders, fetchers and providers of its own, where the player
// plays none. Publish returns on it when what follows has ended.
type Real interface {
	Stage
	// Cannot says why a line cannot be done in the real world; empty if it can. A
	// story is played up to the first such line. traced says that every event of it
	// is shown.
	Cannot(line string, traced bool) string
	// Sends says what becomes of sends, in the words of a line: that the next one
	// "is refused", that senders "stop" or "start", that "the answer comes".
	Sends(t testing.TB, what string)
}

// Played is how far a story was played.
type Played struct {
	// Lines is how many lines were done.
	Lines int
	// Ended is the line that could not be done, and Why; empty where all were.
	Ended, Why string
}

// Speaker is who says an item.
type Speaker struct {
	// Kind is channel, widget, api or egress; ID the integration.
	Kind, ID string
}

// Account is the account of every story.
const Account = "shop"

// Play plays one file on a stage, which is empty at first. What is behind a line that
// the stage cannot do is taken as it is written.
func Play(t *testing.T, path string, stage Stage) Played {
	p := newPlayer(stage)
	p.setUp(t)
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		if p.played.Ended != "" {
			return d.Expected
		}
		switch d.Cmd {
		case "play", "trace":
			out := p.play(t, d.Input, d.Cmd == "trace")
			if p.played.Ended != "" && strings.HasPrefix(d.Expected, out+p.played.Ended+"\n") {
				return d.Expected
			}
			return out
		case "view":
			return p.view(t, d)
		case "setup":
			return p.change(t, d)
		}
		d.Fatalf(t, "a story has no %q", d.Cmd)
		return ""
	})
	return p.played
}

// play does each line and tells what followed.
func (p *player) play(t *testing.T, input string, all bool) string {
	var out strings.Builder
	for line := range strings.Lines(input) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if real, ok := p.stage.(Real); ok {
			if why := real.Cannot(line, all); why != "" {
				p.played.Ended, p.played.Why = line, why
				break
			}
		}
		p.played.Lines++
		fmt.Fprintln(&out, line)
		if refused := p.do(t, line); refused != "" {
			fmt.Fprintf(&out, "  refused: %s\n", refused)
		}
		p.send(t)
		var told []string
		for _, event := range p.news(t) {
			if text := p.names.tell(event, all); text != "" {
				told = append(told, text)
			}
		}
		if strings.HasPrefix(line, "the operator erases ") {
			// Whom it is about comes in the order of the ids, which are random.
			slices.Sort(told)
		}
		for _, text := range told {
			fmt.Fprintf(&out, "  %s\n", text)
		}
	}
	return out.String()
}

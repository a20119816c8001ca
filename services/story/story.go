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
//	         customer, of the conversation that is named (c1) or the last
//	setup    changes the account: confirmation=immediate offers=whatsapp,messenger
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
}

// SendsItself is a stage with senders and providers of its own, where the player
// plays none. Publish returns on it when the sends that follow have ended.
type SendsItself interface {
	Stage
	SendsItself()
}

// Speaker is who says an item.
type Speaker struct {
	// Kind is channel, widget, api or egress; ID the integration.
	Kind, ID string
}

// Account is the account of every story.
const Account = "shop"

// Play plays one file on a stage. The stage is empty at first.
func Play(t *testing.T, path string, stage Stage) {
	p := newPlayer(stage)
	p.setUp(t)
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		switch d.Cmd {
		case "play":
			return p.play(t, d.Input, false)
		case "trace":
			return p.play(t, d.Input, true)
		case "view":
			return p.view(t, d)
		case "setup":
			return p.change(t, d)
		}
		d.Fatalf(t, "a story has no %q", d.Cmd)
		return ""
	})
}

// play does each line and tells what followed.
func (p *player) play(t *testing.T, input string, all bool) string {
	var out strings.Builder
	for line := range strings.Lines(input) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
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

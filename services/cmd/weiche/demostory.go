package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	viewv1 "weiche/proto/gen/weiche/view/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/services/simulator"
)

// What the demo's account is made of.
const (
	demoAccount = "demo"
	demoWidget  = "shop"
	demoPerson  = "Ana"
	demoAgent   = "kim"
)

// line is one comment of the demo's story: who says it, where, and over which
// channel it has to go.
type line struct {
	agent   bool
	channel string
	text    string
}

// scene is a part of the story: the customer may switch to a channel by a link
// first, and then its lines are said.
type scene struct {
	about string
	link  string
	lines []line
}

// demoStory is the story that the product has to get right: widget, Messenger,
// widget again, WhatsApp.
var demoStory = []scene{
	{about: "Ana writes in the widget of the shop.", lines: []line{
		{channel: "widget", text: "Hi, is the blue jacket still there in M?"},
		{agent: true, channel: "widget", text: "Hello! Let me have a look."},
	}},
	{about: "She goes out and takes the conversation with her to Messenger.", link: "messenger", lines: []line{
		{agent: true, channel: "messenger", text: "Yes, two of them are left."},
		{channel: "messenger", text: "Great, I am on the bus. Can you keep one for me?"},
	}},
	{about: "Back at her desk she just writes in the widget again.", lines: []line{
		{channel: "widget", text: "I am back at my desk now."},
		{agent: true, channel: "widget", text: "It is put aside under your name."},
	}},
	{about: "Later she moves on to WhatsApp.", link: "whatsapp", lines: []line{
		{channel: "whatsapp", text: "Can I pick it up tonight?"},
		{agent: true, channel: "whatsapp", text: "Yes, we are open until eight."},
	}},
}

// playDemo plays the story and tells it as it goes.
func playDemo(ctx context.Context, a *actors, out io.Writer) error {
	if err := a.openSession(ctx, demoWidget); err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	for _, s := range demoStory {
		fmt.Fprintf(out, "\n  %s\n", s.about)
		if s.link != "" {
			if err := a.switchTo(ctx, s.link, out); err != nil {
				return fmt.Errorf("link %s: %w", s.link, err)
			}
		}
		for _, l := range s.lines {
			if err := a.say(ctx, l); err != nil {
				return fmt.Errorf("%q: %w", l.text, err)
			}
			fmt.Fprintf(out, "  %s\n", tellLine(l.agent, l.channel, l.text))
		}
	}
	return nil
}

func tellLine(agent bool, channel, text string) string {
	who := "Ana"
	if agent {
		who = "Kim (agent)"
	}
	return fmt.Sprintf("  %-12s %-12s %s", who, "["+channel+"]", text)
}

// say says one line and waits until it is where it belongs.
func (a *actors) say(ctx context.Context, l line) error {
	switch {
	case l.agent:
		if err := a.reply(ctx, l.text); err != nil {
			return err
		}
		if l.channel == "widget" {
			return a.shows(ctx, l.text, l.channel, "sent")
		}
		if err := a.seesOn(ctx, l.channel, l.text); err != nil {
			return err
		}
		return a.shows(ctx, l.text, l.channel, "sent", "delivered", "read")
	case l.channel == "widget":
		if err := a.write(ctx, l.text); err != nil {
			return err
		}
	default:
		if err := a.phone(ctx, "send", simulator.Typed{Integration: demoProviderAccount(l.channel), Text: l.text}); err != nil {
			return err
		}
	}
	return a.shows(ctx, l.text, l.channel)
}

// switchTo links a channel: the code is asked for in the widget, its link is opened
// on the phone, and the question there is answered with yes.
func (a *actors) switchTo(ctx context.Context, integration string, out io.Writer) error {
	link, err := a.requestLink(ctx, integration)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "    she scans %s\n", link.GetUrl())
	if err := a.phone(ctx, "open", simulator.Visit{URL: link.GetUrl(), Send: true}); err != nil {
		return err
	}
	if err := a.seesOn(ctx, integration, "here?"); err != nil {
		return err
	}
	thread, err := a.thread(ctx, integration)
	if err != nil {
		return err
	}
	question := thread.Messages[len(thread.Messages)-1]
	if len(question.Buttons) != 2 {
		return fmt.Errorf("the question has %d buttons", len(question.Buttons))
	}
	fmt.Fprintf(out, "    %s asks: %s  [%s] [%s]\n", integration, question.Text, question.Buttons[0].Title, question.Buttons[1].Title)
	fmt.Fprintf(out, "    she taps [%s]\n", question.Buttons[0].Title)
	if err := a.phone(ctx, "tap", simulator.Press{
		Integration: demoProviderAccount(integration), Message: question.ID, Button: question.Buttons[0].ID,
	}); err != nil {
		return err
	}
	return a.linked(ctx, link.GetLinkId())
}

// told returns the lines of the story that went over a channel, or all for "".
func told(channel string) []string {
	var lines []string
	for _, s := range demoStory {
		for _, l := range s.lines {
			if channel == "" || l.channel == channel {
				lines = append(lines, tellLine(l.agent, l.channel, l.text))
			}
		}
	}
	return lines
}

// showViews prints the three views.
func showViews(ctx context.Context, a *actors, out io.Writer) error {
	timeline, err := a.timeline(ctx)
	if err != nil {
		return err
	}
	fmt.Fprint(out, "\nThe widget shows the whole conversation:\n\n")
	for _, text := range widgetLines(timeline) {
		fmt.Fprintf(out, "  %s\n", text)
	}
	for _, c := range []struct{ integration, name string }{{"messenger", "Messenger"}, {"whatsapp", "WhatsApp"}} {
		view, err := a.channel(ctx, c.integration)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s begins with the first comment after the switch:\n\n", c.name)
		for _, text := range channelLines(view) {
			fmt.Fprintf(out, "  %s\n", text)
		}
	}
	return nil
}

// widgetLines returns the comments of the widget's timeline.
func widgetLines(timeline *widgetv1.GetTimelineResponse) []string {
	var lines []string
	for _, l := range timeline.GetLines() {
		if l.GetAuthor() != widgetv1.Author_AUTHOR_SYSTEM {
			lines = append(lines, tellLine(l.GetAuthor() == widgetv1.Author_AUTHOR_AGENT, l.GetChannel(), words(l.GetContent())))
		}
	}
	return lines
}

// channelLines returns the comments of a channel's view.
func channelLines(view *viewv1.ChannelView) []string {
	var lines []string
	for _, segment := range view.GetSegments() {
		for _, entry := range segment.GetEntries() {
			isAgent := entry.GetItem().GetAgent() != nil
			lines = append(lines, tellLine(isAgent, view.GetChannel(), words(entry.GetItem().GetContent())))
		}
	}
	return lines
}

// checkDemo says what is not as the story wants it, by the public API and by what
// the phones and the provider saw.
func checkDemo(ctx context.Context, a *actors) error {
	timeline, err := a.timeline(ctx)
	if err != nil {
		return err
	}
	if got, want := widgetLines(timeline), told(""); !slices.Equal(got, want) {
		return fmt.Errorf("the widget shows\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if timeline.GetRepliesTo() != "whatsapp" {
		return fmt.Errorf("replies go to %q, and not to whatsapp", timeline.GetRepliesTo())
	}
	for _, integration := range []string{"messenger", "whatsapp"} {
		view, err := a.channel(ctx, integration)
		if err != nil {
			return err
		}
		if got, want := channelLines(view), told(integration); !slices.Equal(got, want) {
			return fmt.Errorf("%s shows\n%s\nand not\n%s", integration, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if err := a.checkPhone(ctx, integration); err != nil {
			return err
		}
	}
	var sends simulator.SendReport
	if err := a.simulate(ctx, "GET", "/sim/sends", nil, &sends); err != nil {
		return err
	}
	if sends.Duplicates > 0 {
		return fmt.Errorf("%d messages were sent twice", sends.Duplicates)
	}
	return nil
}

// checkPhone looks at what the person really has on the phone: the lines of the
// story that went over this channel, and of all others none.
func (a *actors) checkPhone(ctx context.Context, integration string) error {
	thread, err := a.thread(ctx, integration)
	if err != nil {
		return err
	}
	var got []string
	for _, message := range thread.Messages {
		got = append(got, message.Text)
	}
	for _, s := range demoStory {
		for _, l := range s.lines {
			count := 0
			for _, text := range got {
				if text == l.text {
					count++
				}
			}
			if want := l.channel == integration; want != (count == 1) || count > 1 {
				return fmt.Errorf("the phone has %q %d times on %s", l.text, count, integration)
			}
		}
	}
	return nil
}

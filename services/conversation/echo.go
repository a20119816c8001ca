package conversation

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// underway returns the send that an echo is of, where it names neither app nor
// send, as Instagram's do: one to that identity that has left, whose outcome is not
// known yet, and that says the same. Otherwise an echo that is faster than the
// answer to its send would stand in the conversation as a second message, and one
// that is all there is of an answer that was lost would tell nothing.
func (d *decider) underway(c *RecordEcho, at time.Time) string {
	if c.AppID != "" || c.SendID != "" || len(c.MessageHash) == 0 {
		return ""
	}
	i := d.find(c.Recipient)
	if i == nil {
		return ""
	}
	lost := slices.SortedFunc(maps.Values(i.base.Unresolved), func(a, b Send) int { return cmp.Compare(b.ID, a.ID) })
	for _, send := range slices.Concat(i.lane, lost) {
		left := send.State == SendClaimed || send.State == SendUnknown
		early := at.Before(send.QueuedAt.Add(-lateAfter))
		// Once the agent was asked, the same words are somebody's in the app.
		asked := !send.AskAt.IsZero() && at.After(send.AskAt)
		if left && !early && !asked && send.IntegrationID == c.IntegrationID && says(d.content(send.ContentEvent), c.Content) {
			return send.ID
		}
	}
	return ""
}

// says reports whether an echo may be what a send or one of its parts looks like at
// the provider: the same words, or a file of the same kind.
func says(sent, echo *eventv1.Content) bool {
	for _, s := range sent.GetParts() {
		for _, e := range echo.GetParts() {
			words := wordsOf(s)
			if words != "" && words == wordsOf(e) || s.GetMedia() != nil && e.GetMedia() != nil && sameKind(s, e) {
				return true
			}
		}
	}
	return false
}

// wordsOf returns the text of a part, however its spaces are set.
func wordsOf(part *eventv1.Part) string {
	return strings.Join(strings.Fields(cmp.Or(part.GetText().GetBody(), part.GetButtons().GetBody())), " ")
}

func sameKind(a, b *eventv1.Part) bool { return shownAs(a) == shownAs(b) }

// shownAs returns what a provider reports a file as that was sent as something more
// special.
func shownAs(part *eventv1.Part) eventv1.MediaKind {
	switch kind := part.GetMedia().GetKind(); kind {
	case eventv1.MediaKind_MEDIA_KIND_VOICE:
		return eventv1.MediaKind_MEDIA_KIND_AUDIO
	case eventv1.MediaKind_MEDIA_KIND_STICKER:
		return eventv1.MediaKind_MEDIA_KIND_IMAGE
	default:
		return kind
	}
}
